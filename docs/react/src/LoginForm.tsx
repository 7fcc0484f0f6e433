import { useMutation } from '@tanstack/react-query';
import { isProblem, type LoginRequest } from '@tenantry/client';

import { client } from './api';
import { Field } from './Field';
import { Form } from './Form';

export function LoginForm() {
  const login = useMutation({ mutationFn: (credentials: LoginRequest) => client.login(credentials) });
  const fields = isProblem(login.error) ? login.error.fields : {};
  return (
    <main>
      <h1>Log in</h1>
      <Form
        error={login.error}
        submit={(data) => login.mutate({ email: String(data.get('email')), password: String(data.get('password')) })}
        buttons={<button disabled={login.isPending}>Log in</button>}
      >
        <Field label="E-mail" name="email" type="email" autoComplete="username" error={fields['/email']} />
        <Field label="Password" name="password" type="password" autoComplete="current-password" error={fields['/password']} />
      </Form>
    </main>
  );
}
