import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { client, useQueries, useUserId } from './api';
import { Companies } from './Companies';
import { Failure } from './Failure';
import { LoginForm } from './LoginForm';
import { Sessions } from './Sessions';
import { SetPassword } from './SetPassword';

export function App() {
  const userId = useUserId();
  if (location.pathname === '/set-password') {
    return <SetPassword />;
  }
  return userId === null ? <LoginForm /> : <Home key={userId} />;
}

function Home() {
  const queries = useQueries();
  const me = useQuery(queries.query('getMe'));
  const [page, setPage] = useState<'companies' | 'sessions'>('companies');
  const [failure, setFailure] = useState<unknown>();
  return (
    <>
      <header>
        <nav aria-label="Pages">
          <button aria-current={page === 'companies' && 'page'} onClick={() => setPage('companies')}>Companies</button>
          <button aria-current={page === 'sessions' && 'page'} onClick={() => setPage('sessions')}>Sessions</button>
        </nav>
        <span id="me">{me.data?.user.full_name}</span>
        <button onClick={() => client.logout().catch(setFailure)}>Log out</button>
      </header>
      <main>
        <Failure of={failure ?? me.error} />
        {page === 'companies' ? <Companies /> : <Sessions />}
      </main>
    </>
  );
}
