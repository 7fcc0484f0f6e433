import { type ReactNode, useEffect, useRef } from 'react';

import { Failure } from './Failure';

interface FormProps {
  /** Why the last attempt failed. */
  error: unknown;
  submit: (data: FormData) => void;
  /** The fields. */
  children: ReactNode;
  buttons: ReactNode;
}

/** A form that the server checks. After a failure, the first field with an error has the focus. */
export function Form({ error, submit, children, buttons }: FormProps) {
  const ref = useRef<HTMLFormElement>(null);
  useEffect(() => ref.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [error]);
  return (
    <form
      ref={ref}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(new FormData(event.currentTarget));
      }}
    >
      {children}
      <Failure of={error} />
      {buttons}
    </form>
  );
}
