import { useMutation } from '@tanstack/react-query';
import { isProblem } from '@tenantry/client';

import { client } from './api';
import { Failure } from './Failure';
import { Field } from './Field';

/** Where the links of invitations and password resets lead, with `PASSWORD_RESET_URL=https://app.example.com/set-password`. */
export function SetPassword() {
  const set = useMutation({ mutationFn: client.api.resetPassword, onSuccess: () => history.replaceState(null, '', '/set-password') });
  const fields = isProblem(set.error) ? set.error.fields : {};
  return (
    <main>
      <h1>Set your password</h1>
      {set.isSuccess ? (
        <p role="status">Your password is set. <a href="/">Log in</a></p>
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
            const new_password = String(new FormData(event.currentTarget).get('password'));
            set.mutate({ body: { token, new_password } });
          }}
        >
          <Field label="New password" name="password" type="password" autoComplete="new-password" error={fields['/new_password']} />
          <Failure of={set.error} />
          <button disabled={set.isPending}>Set password</button>
        </form>
      )}
    </main>
  );
}
