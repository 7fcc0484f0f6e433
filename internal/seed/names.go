package seed

import (
	"strconv"
	"strings"
)

// origin has common given names and family names of one part of the world.
type origin struct{ given, family []string }

// name returns a given name and a family name, usually from the same origin.
func name(r random, origins []origin) (given, family string) {
	const oneIn = 6
	o := pick(r, origins)
	given = pick(r, o.given)
	if r.IntN(oneIn) == 0 {
		o = pick(r, origins)
	}
	return given, pick(r, o.family)
}

// addresses creates e-mail addresses from names: first.last@domain, and first.last2@domain for the
// second person with that name.
type addresses struct {
	domain string
	taken  map[string]int
}

func newAddresses(domain string) addresses { return addresses{domain: domain, taken: map[string]int{}} }

func (a addresses) of(given, family string) string {
	local := ascii(given) + "." + ascii(family)
	a.taken[local]++
	if n := a.taken[local]; n > 1 {
		local += strconv.Itoa(n)
	}
	return local + "@" + a.domain
}

// ascii converts a name to the letters a to z and hyphens: Søren becomes soren, O'Brien obrien.
func ascii(name string) string {
	return strings.NewReplacer(
		" ", "", "'", "",
		"á", "a", "à", "a", "ã", "a", "ä", "ae", "å", "a", "ą", "a", "ç", "c", "ć", "c", "č", "c", "é", "e", "è", "e", "ë", "e", "ę", "e",
		"í", "i", "ï", "i", "ı", "i", "ł", "l", "ñ", "n", "ń", "n", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ö", "oe", "ø", "o",
		"ř", "r", "ş", "s", "š", "s", "ś", "s", "ú", "u", "ü", "ue", "ý", "y", "ż", "z", "ž", "z", "ğ", "g",
	).Replace(strings.ToLower(name))
}

func origins() []origin {
	return []origin{
		{ // Great Britain and Ireland
			given: words("Oliver Amelia George Isla Harry Freya Jack Ava Noah Niamh Liam Ciara Callum Poppy Ewan Charlotte Rhys Bronwen Daniel Grace"),
			family: words("Smith Jones Taylor Williams Brown Davies Evans Wilson Thomas Roberts Walker Wright O'Brien Kelly Murphy Campbell " +
				"MacDonald Hughes Clarke Bennett"),
		},
		{ // North America
			given: words("James Emily Michael Madison Ethan Olivia Tyler Hannah Marcus Jasmine Andre Brianna Logan Chloe Dylan Zoe Caleb Naomi Xavier Abigail"),
			family: words("Johnson Miller Anderson Jackson Robinson Carter Mitchell Parker Collins Brooks Washington Freeman Hayes Sullivan " +
				"Foster Reed Coleman Hamilton Griffin Tremblay"),
		},
		{ // Spain and Latin America
			given: words("José María Carlos Lucía Javier Sofía Diego Valentina Andrés Camila Miguel Elena Rafael Ximena Álvaro Inés Mateo Paula Joaquín Daniela"),
			family: words("García Rodríguez Martínez López González Hernández Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz Vargas " +
				"Castillo Muñoz Ortega Ibáñez Navarro"),
		},
		{ // Brazil and Portugal
			given: words("João Ana Pedro Beatriz Tiago Mariana Rui Catarina Luís Júlia Gustavo Larissa Thiago Fernanda Nuno Leonor Bruno Isabela Duarte Rita"),
			family: words("Silva Santos Oliveira Souza Pereira Costa Ferreira Almeida Ribeiro Carvalho Gomes Lima Araújo Barbosa Rocha Cardoso " +
				"Teixeira Moreira Magalhães Simões"),
		},
		{ // France
			given: words("Jean-Luc Camille Antoine Élodie Hugo Manon Mathieu Chloé Julien Léa Nicolas Inès Théo Margaux Étienne Zoé Baptiste Clémence Romain Anaïs"),
			family: words("Martin Bernard Dubois Moreau Laurent Lefèvre Girard Roux Fournier Mercier Bonnet Lambert François Blanchard Gauthier " +
				"Chevalier Perrin Marchand Renaud Côté"),
		},
		{ // Germany, Austria, Switzerland
			given: words("Lukas Anna Felix Lena Jonas Katharina Maximilian Johanna Tobias Miriam Jürgen Käthe Stefan Nadine Moritz Greta Florian Ulrike Björn Heike"),
			family: words("Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Schäfer Koch Richter Klein Wolf Schröder Neumann Krüger " +
				"Hofmann Zimmermann Köhler Baumann"),
		},
		{ // Italy
			given: words("Marco Giulia Alessandro Chiara Lorenzo Francesca Matteo Martina Davide Sara Federico Elisa Giovanni Alice Riccardo Silvia Paolo Beatrice Nicolò Noemi"),
			family: words("Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Mancini Rizzo Lombardi Moretti " +
				"Barbieri Fontana Santoro"),
		},
		{ // The North and the Low Countries
			given: words("Lars Ingrid Søren Astrid Erik Freja Magnus Sigrid Mikkel Maja Aino Juhani Åsa Pieter Sanne Willem Femke Jeroen Lotte Elin"),
			family: words("Hansen Johansson Nielsen Larsen Andersson Berg Lindholm Korhonen Virtanen Nyström Sørensen Dahl Jansen Bakker Visser Smit " +
				"Mulder Bos Dekker Hendriks"),
		},
		{ // Poland, Czechia and their neighbours
			given: words("Piotr Agnieszka Tomasz Zuzanna Michał Kasia Jakub Tereza Ondřej Lucie Milan Jelena Marko Ivana Łukasz Małgorzata Andrei Ioana Viktor Oksana"),
			family: words("Kowalski Nowak Wiśniewska Wójcik Zieliński Novák Svoboda Dvořák Horváth Kovačević Jovanović Popescu Ionescu Melnyk Shevchenko " +
				"Bondarenko Lewandowski Kamińska Szabó Petrović"),
		},
		{ // Turkey, the Arab world and Iran
			given: words("Mehmet Ayşe Emre Zeynep Yusuf Elif Omar Fatima Khalid Layla Hassan Noor Karim Yasmin Tariq Salma Reza Shirin Dariush Leila"),
			family: words("Yılmaz Demir Kaya Şahin Çelik Aydın Haddad Mansour Khalil Nasser Farah Aziz Saleh Rahimi Karimi Hosseini Ahmadi Tehrani " +
				"Doğan Öztürk"),
		},
		{ // South Asia
			given: words("Arjun Priya Rahul Ananya Vikram Deepika Sanjay Kavya Rohan Meera Imran Ayesha Bilal Sana Nikhil Lakshmi Suresh Divya Tharindu Nadeesha"),
			family: words("Sharma Patel Singh Kumar Gupta Reddy Iyer Nair Mehta Chopra Desai Banerjee Mukherjee Khan Hussain Malik Rahman Chowdhury Perera " +
				"Fernando"),
		},
		{ // East and South-East Asia
			given: words("Wei Mei Jun Xin Haruto Yui Kenji Sakura Min-jun Seo-yeon Ji-ho Hana Minh Linh Quang Thao Budi Siti Rizal Maricel"),
			family: words("Wang Li Zhang Chen Liu Tanaka Suzuki Sato Watanabe Kim Park Choi Nguyen Tran Pham Wijaya Santoso Rahmat Reyes " +
				"Cruz"),
		},
		{ // Africa
			given: words("Kwame Ama Chinedu Adaeze Tunde Folake Sipho Thandiwe Jabulani Nomsa Juma Wanjiru Kamau Amina Mamadou Aïssatou Tesfaye Hiwot Kofi Ngozi"),
			family: words("Mensah Owusu Okafor Adeyemi Okonkwo Balogun Dlamini Nkosi Mokoena Khumalo Mwangi Otieno Kimani Diallo Traoré Ndiaye Bekele Tadesse " +
				"Abebe Asante"),
		},
	}
}

func words(s string) []string { return strings.Fields(s) }
