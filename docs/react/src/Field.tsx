import { type InputHTMLAttributes, useId } from 'react';

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** What is wrong with the value. */
  error?: string | undefined;
}

/** An input with its label and what the server says of it. */
export function Field({ label, error, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={error !== undefined} aria-describedby={error && `${id}-error`} {...input} />
      {error && <p id={`${id}-error`} className="error">{error}</p>}
    </div>
  );
}
