using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using WanSharp.Hosting;

namespace WanSharp.Cli.Terminal;

/// <summary>Spans of time and sizes as people write them: <c>7d</c>, <c>20GB</c>.</summary>
internal static class Amounts
{
    private const double LongestSeconds = 1e11; // 3,000 years; a TimeSpan holds nine times that
    private const double MostBytes = 1e18;

    private static readonly (string Unit, double Factor)[] Times = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    private static readonly (string Unit, double Factor)[] Sizes = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1)];
    private static readonly (string Unit, double Factor)[] BinarySizes =
    [
        ("TiB", 1L << 40),
        ("GiB", 1L << 30),
        ("MiB", 1L << 20),
        ("KiB", 1L << 10),
    ];

    /// <summary>An option that takes a span of time.</summary>
    public static Option<TimeSpan?> TimeOption(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "TIME",
            CustomParser = argument =>
                Parse(argument, Times, LongestSeconds, "a time such as 7d, 12h, 30min or 90s") is { } seconds
                    ? TimeSpan.FromSeconds(seconds)
                    : null,
        };

    /// <summary>An option that takes a size.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it means.</param>
    public static Option<long?> SizeOption(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "SIZE",
            CustomParser = argument => (long?)Parse(argument, [.. Sizes, .. BinarySizes], MostBytes, "a size such as 20GB, 500MB or 0B"),
        };

    /// <summary>An option that takes sizes, each with the option's name before it.</summary>
    public static Option<IReadOnlyList<long>> SizesOption(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "SIZE",
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => [],
            CustomParser = argument =>
                [
                    .. argument
                        .Tokens.Select(token =>
                            (long?)Parse(argument, token.Value, [.. Sizes, .. BinarySizes], MostBytes, "a size such as 24GB")
                        )
                        .OfType<long>(),
                ],
        };

    /// <summary>An option that takes an amount of memory, or leaves it to what is free.</summary>
    public static Option<MemoryAmount?> MemoryOption(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "auto|SIZE",
            CustomParser = argument =>
            {
                if (argument.Tokens[0].Value.Equals("auto", StringComparison.OrdinalIgnoreCase))
                {
                    return MemoryAmount.Auto;
                }

                var bytes = (long?)Parse(
                    argument,
                    [.. Sizes, .. BinarySizes],
                    MostBytes,
                    "a size such as 6GB, 4GiB or 512MB, or auto for what is free"
                );
                if (bytes == 0)
                {
                    argument.AddError($"{name} 0 leaves no memory to run in: give a size such as 6GB, or auto for what is free.");
                }

                return bytes is { } size ? new MemoryAmount(size) : null;
            },
        };

    private static double? Parse(ArgumentResult argument, (string Unit, double Factor)[] units, double largest, string example) =>
        Parse(argument, argument.Tokens[0].Value, units, largest, example);

    private static double? Parse(ArgumentResult argument, string text, (string Unit, double Factor)[] units, double largest, string example)
    {
        var digits = text.TrimEnd().TrimEnd([.. "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]);
        var unit = text[digits.Length..].Trim();
        var factor = units.FirstOrDefault(known => known.Unit.Equals(unit, StringComparison.OrdinalIgnoreCase)).Factor;
        if (
            factor > 0
            && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * factor <= largest
        )
        {
            return number * factor;
        }

        argument.AddError($"'{text}' is not {example}.");
        return null;
    }
}
