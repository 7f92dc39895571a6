import type { Command, Option } from 'commander'
import type { CommandDescription } from '../api/documentation/index.ts'

/** The command and everything below it as its help has it, for the reference in the documentation. */
export function describeCommand(command: Command, above = ''): CommandDescription {
  const name = `${above}${command.name()}`
  return {
    name,
    summary: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map((argument) => ({
      form: argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      meaning: argument.description,
      fallback: shown(argument.defaultValue),
    })),
    options: command.options.filter((option) => above === '' || !isEverywhere(option)).map(describeOption),
    commands: command.commands.map((inner) => describeCommand(inner, `${name} `)),
  }
}

/** Every command takes it, so it is said once. */
function isEverywhere({ long }: Option): boolean {
  return long === '--json'
}

function describeOption({ flags, description, argChoices, defaultValue, negate }: Option) {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`
  return {
    form: flags,
    meaning: `${description}${choices}`,
    fallback: negate ? undefined : shown(defaultValue),
  }
}

/** A default that says something. */
function shown(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number') return String(value)
  return Array.isArray(value) && value.length > 0 ? value.join(',') : undefined
}
