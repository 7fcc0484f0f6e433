import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { client, useClientQueries, useUserId } from './api';
import { Companies } from './Companies';
import { Failure } from './Failure';
import { LoginForm } from './LoginForm';
import { Sessions } from './Sessions';
import { SetPassword } from './SetPassword';

export function App() {
  const userId = useUserId();
  // Here, as it goes on when the page of the user is gone.
  const logout = useMutation({ mutationFn: () => client.logout() });
  if (location.pathname === '/set-password') {
    return <SetPassword />;
  }
  if (userId !== null) {
    return <Home key={userId} logOut={logout.mutate} />;
  }
  return (
    <>
      {logout.isError && <p role="alert">You are logged out here. The server could not be told: it ends the session when that expires.</p>}
      <LoginForm />
    </>
  );
}

function Home({ logOut }: { logOut: () => void }) {
  const queries = useClientQueries();
  const me = useQuery(queries.query('getMe'));
  const [page, setPage] = useState<'companies' | 'sessions'>('companies');
  return (
    <>
      <header>
        <nav aria-label="Pages">
          <button aria-current={page === 'companies' && 'page'} onClick={() => setPage('companies')}>Companies</button>
          <button aria-current={page === 'sessions' && 'page'} onClick={() => setPage('sessions')}>Sessions</button>
        </nav>
        <span id="me">{me.data?.user.full_name}</span>
        <button onClick={() => logOut()}>Log out</button>
      </header>
      <main>
        <Failure of={me.error} />
        {page === 'companies' ? <Companies /> : <Sessions />}
      </main>
    </>
  );
}
