using System.Globalization;

namespace WanSharp.Engine.Guidance;

/// <summary>Numbers in the texts of settings that have several.</summary>
internal static class TextNumbers
{
    public static bool TryParse(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    /// <summary>A text that was tried before.</summary>
    public static double Parse(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Numbers with commas between them.</summary>
    /// <returns>The numbers, or null when the text has another form, none, or more than <paramref name="most"/>.</returns>
    public static double[]? TryParseAll(string? text, int most)
    {
        var parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length > most)
        {
            return null;
        }

        var numbers = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!TryParse(parts[i], out numbers[i]))
            {
                return null;
            }
        }

        return numbers;
    }
}
