import { useMutation } from '@tanstack/react-query';
import { isProblem } from '@tenantry/client';

import { client } from './api';
import { Field } from './Field';
import { Form } from './Form';

/** Where the links of invitations and password resets lead, with `PASSWORD_RESET_URL=https://app.example.com/set-password`. */
export function SetPassword() {
  const set = useMutation({
    mutationFn: client.api.resetPassword,
    onSuccess: () => history.replaceState(null, '', '/set-password'), // the token leaves the address bar
  });
  const submit = (data: FormData) => {
    const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
    set.mutate({ body: { token, new_password: String(data.get('password')) } });
  };
  const fields = isProblem(set.error) ? set.error.fields : {};
  return (
    <main>
      <h1>Set your password</h1>
      {set.isSuccess ? (
        <p role="status">Your password is set. <a href="/">Log in</a></p>
      ) : (
        <Form error={set.error} submit={submit} buttons={<button disabled={set.isPending}>Set password</button>}>
          <Field label="New password" name="password" type="password" autoComplete="new-password" error={fields['/new_password']} />
        </Form>
      )}
    </main>
  );
}
