using System.CommandLine;
using System.CommandLine.Parsing;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>Options and arguments that take one of a few names.</summary>
internal static class ChoiceOption
{
    /// <summary>An option; the first choice is its default.</summary>
    public static Option<T> Create<T>(string name, string description, params (string Name, T Value)[] choices)
    {
        var option = new Option<T>(name)
        {
            Description = description,
            HelpName = string.Join('|', choices.Select(choice => choice.Name)),
            CustomParser = argument => Parse(name, argument.Tokens[0].Value, argument, choices),
        };
        if (EqualityComparer<T>.Default.Equals(choices[0].Value, default))
        {
            option.Description += $" Default: {choices[0].Name}."; // the help would print the value, which has another name
        }
        else
        {
            option.DefaultValueFactory = _ => choices[0].Value;
        }

        return option;
    }

    /// <summary>
    /// An option of which a choice may mean null; the first choice is its default. The value is in a tuple, because the parser takes
    /// null for a value that it could not convert.
    /// </summary>
    public static Option<ValueTuple<T>> CreateNullable<T>(
        string name,
        string description,
        params IEnumerable<(string Name, T Value)> choices
    ) => Create(name, description, [.. choices.Select(choice => (choice.Name, ValueTuple.Create(choice.Value)))]);

    /// <summary>An argument.</summary>
    public static Argument<T> CreateArgument<T>(string name, string description, params (string Name, T Value)[] choices) =>
        new(name)
        {
            Description = description,
            HelpName = string.Join('|', choices.Select(choice => choice.Name)),
            CustomParser = argument => Parse(name, argument.Tokens[0].Value, argument, choices),
        };

    /// <summary>One of the choices by its name; an error of the argument if there is none.</summary>
    public static T? Parse<T>(string name, string text, ArgumentResult argument, (string Name, T Value)[] choices)
    {
        foreach (var choice in choices.Where(choice => choice.Name.Equals(text, StringComparison.OrdinalIgnoreCase)))
        {
            return choice.Value;
        }

        argument.AddError(
            $"'{text}' is not a valid value for {name}: choose "
                + $"{string.Join(", ", choices.Select(choice => choice.Name))}"
                + $".{NearestName.Hint(text, choices.Select(choice => choice.Name))}"
        );
        return default;
    }
}
