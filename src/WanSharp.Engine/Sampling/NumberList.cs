using System.Globalization;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Sampling;

/// <summary>Numbers in an order, such as the noise levels of a clip's steps. Lists of the same numbers are equal. Immutable.</summary>
/// <remarks>Written <c>1,0.9,0.5</c>; read with commas, semicolons or spaces, in brackets or without.</remarks>
/// <param name="values">The numbers; copied.</param>
[JsonConverter(typeof(NumberListJson))]
public sealed class NumberList(IEnumerable<double> values) : IEquatable<NumberList>, IParsable<NumberList>
{
    /// <summary>More numbers than any list of a clip has; one for each of the most steps, and the 0 that may end it.</summary>
    internal const int MostNumbers = 1001;

    private static readonly char[] Separators = [',', ';', ' ', '\t'];

    private readonly double[] _values = [.. values];

    /// <summary>The numbers.</summary>
    public IReadOnlyList<double> Values => _values;

    /// <summary>How many there are.</summary>
    public int Count => _values.Length;

    /// <summary>A number by its place, from 0.</summary>
    public double this[int index] => _values[index];

    /// <inheritdoc/>
    public static NumberList Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var list) ? list! : throw new FormatException($"'{s}' is not a list of numbers.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out NumberList result)
    {
        result = null!;
        var text = (s ?? "").Trim();
        text = text is ['[', .. var inner, ']'] ? inner : text;
        var parts = text.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length is 0 or > MostNumbers)
        {
            return false;
        }

        var numbers = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (
                !double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !double.IsFinite(numbers[i])
            )
            {
                return false;
            }
        }

        result = new NumberList(numbers);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(NumberList? other) => other is not null && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NumberList);

    /// <inheritdoc/>
    public override int GetHashCode() => _values.Aggregate(_values.Length, HashCode.Combine);

    /// <summary>The numbers with commas between them: <c>1,0.9,0.5</c>.</summary>
    public override string ToString() => string.Join(',', _values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
}
