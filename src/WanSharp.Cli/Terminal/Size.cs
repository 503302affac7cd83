using System.CommandLine.Parsing;
using System.Globalization;

namespace WanSharp.Cli.Terminal;

/// <summary>A size as typed: <c>832x480</c>.</summary>
internal readonly record struct Size(int Width, int Height)
{
    /// <summary>Parses an option's value, for <c>CustomParser</c>.</summary>
    public static Size? Parse(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        var parts = text.Split('x', 'X', '×', '*');
        if (
            parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var height)
        )
        {
            return new Size(width, height);
        }

        argument.AddError($"'{text}' is not a size: write WIDTHxHEIGHT in pixels, such as 832x480.");
        return null;
    }
}
