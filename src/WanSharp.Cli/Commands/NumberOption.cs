using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace WanSharp.Cli.Commands;

/// <summary>Options that take a number, written the same in every locale.</summary>
internal static class NumberOption
{
    /// <summary>An option that takes a number of any size; whoever uses it checks the range.</summary>
    public static Option<T?> Create<T>(string name, string description, string helpName)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = argument => Parse<T>(name, argument),
        };

    private static T? Parse<T>(string name, ArgumentResult argument)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        var text = argument.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        var kind = default(T) is int ? $"a whole number up to {T.MaxValue}" : "a number such as 4.5";
        argument.AddError($"{name} takes {kind}, not '{text}'.");
        return null;
    }
}
