import { useMutation } from '@tanstack/react-query';
import { isProblem, type LoginRequest } from '@tenantry/client';

import { client } from './api';
import { Failure } from './Failure';
import { Field } from './Field';

export function LoginForm() {
  const login = useMutation({ mutationFn: (credentials: LoginRequest) => client.login(credentials) });
  const fields = isProblem(login.error) ? login.error.fields : {};
  return (
    <main>
      <h1>Log in</h1>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const data = new FormData(event.currentTarget);
          login.mutate({ email: String(data.get('email')), password: String(data.get('password')) });
        }}
      >
        <Field label="E-mail" name="email" type="email" autoComplete="username" error={fields['/email']} />
        <Field label="Password" name="password" type="password" autoComplete="current-password" error={fields['/password']} />
        <Failure of={login.error} />
        <button disabled={login.isPending}>Log in</button>
      </form>
    </main>
  );
}
