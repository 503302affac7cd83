using System.Globalization;
using System.Numerics;
using WanSharp.Tensors;

namespace WanSharp.Engine.Requests;

/// <summary>Reads numbers and sizes, the same in options, files and requests. Thread-safe.</summary>
public static class SettingTexts
{
    /// <summary>Reads a size such as <c>832x480</c>.</summary>
    public static bool TryParseSize(string text, out ClipSize size)
    {
        ArgumentNullException.ThrowIfNull(text);
        size = default;
        var parts = text.Split('x', 'X', '×', '*');
        if (
            parts.Length != 2
            || !int.TryParse(parts[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            || !int.TryParse(parts[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var height)
        )
        {
            return false;
        }

        size = new ClipSize(width, height);
        return true;
    }

    /// <summary>Reads a number with a decimal point; a whole number may have zeros after it, as some programs write them.</summary>
    public static bool TryParseNumber<T>(string text, out T number)
        where T : INumber<T>
    {
        ArgumentNullException.ThrowIfNull(text);
        var isWhole = IsWhole<T>();
        if (isWhole && text.IndexOf('.') is > 0 and var point && text.AsSpan(point + 1).Trim('0').IsEmpty)
        {
            text = text[..point];
        }

        var style = isWhole ? NumberStyles.AllowLeadingSign : NumberStyles.Float;
        return T.TryParse(text, style, CultureInfo.InvariantCulture, out number!) && T.IsFinite(number);
    }

    internal static bool IsWhole<T>()
        where T : INumber<T> => T.IsInteger(T.One / (T.One + T.One));

    /// <exception cref="InvalidRequestException">The value is out of range; the message names the nearest valid one.</exception>
    internal static T InRange<T>(string field, T value, T minimum, T maximum)
        where T : INumber<T> =>
        value >= minimum && value <= maximum
            ? value
            : throw new InvalidRequestException(
                field,
                T.IsNaN(value)
                    ? $"The {field} is not a number: give one from {Written(minimum)} to {Written(maximum)}."
                    : $"{field} {Written(value)} is outside {Written(minimum)} to {Written(maximum)}: the nearest is "
                        + $"{Written(T.Clamp(value, minimum, maximum))}."
            );

    private static string Written<T>(T value)
        where T : INumber<T> => value.ToString(null, CultureInfo.InvariantCulture);
}
