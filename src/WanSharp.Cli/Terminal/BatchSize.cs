using System.CommandLine.Parsing;
using System.Globalization;

namespace WanSharp.Cli.Terminal;

/// <summary>How many clips may share a denoise step, as typed: a number, or <c>auto</c> for as many as pay.</summary>
/// <param name="Most">The number; null for as many as pay.</param>
internal readonly record struct BatchSize(int? Most)
{
    private const int Largest = 64;

    /// <summary>Parses an option's value, for <c>CustomParser</c>.</summary>
    public static BatchSize? Parse(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (text.Equals("auto", StringComparison.OrdinalIgnoreCase))
        {
            return new BatchSize(null);
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is >= 1 and <= Largest)
        {
            return new BatchSize(size);
        }

        argument.AddError($"'{text}' is not a batch size: write auto, or a whole number from 1 to {Largest}.");
        return null;
    }
}
