using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WanSharp.Graphs;

/// <summary>
/// The length of one dimension: a known number, a name that gets its value when the graph runs (<c>"batch"</c>), or
/// what arithmetic makes of them (<c>height / 2</c>, <c>frames + 2</c>). Immutable. Equal when the arithmetic is, so
/// that shapes can be checked before any length is known.
/// </summary>
/// <remarks>Divisions are exact by promise: whoever writes <c>height / 2</c> rules out odd heights.</remarks>
[SuppressMessage("Naming", "CA1716", Justification = "The short name is what shapes are written with; Visual Basic can escape it.")]
public sealed class Dim : IEquatable<Dim>
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
    );

    private IReadOnlyList<DimTerm>? _terms;
    private string? _text;

    private Dim(long length) => Known = length;

    private Dim(IEnumerable<DimTerm> terms)
    {
        _terms = Collected(terms);
        Known = _terms switch
        {
            [] => 0,
            [{ Powers.IsEmpty: true, Denominator: 1 } constant] => constant.Numerator,
            [{ Powers.IsEmpty: true }] => throw new GraphException($"A length of {this} is not a whole number."),
            _ => null,
        };
    }

    /// <summary>The length one, which broadcasts.</summary>
    public static Dim One { get; } = new(1);

    /// <summary>The length, if it is known; otherwise null.</summary>
    public long? Known { get; }

    /// <summary>What is summed up.</summary>
    internal IReadOnlyList<DimTerm> Terms => _terms ??= Known is { } length and not 0 ? [new DimTerm(length, 1)] : [];

    /// <summary>A known length.</summary>
    public static implicit operator Dim(long length) => length == 1 ? One : new(length);

    /// <summary>A length that gets its value when the graph runs.</summary>
    /// <exception cref="GraphException"><paramref name="name"/> has other characters than letters, digits and underscores, or begins
    /// with a digit.</exception>
    public static implicit operator Dim(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(NameCharacters)
            ? new Dim([DimTerm.Symbol(name)])
            : throw new GraphException($"'{name}' cannot name a length: letters, digits and underscores, not beginning with a digit.");

    /// <summary>Sum of two lengths.</summary>
    public static Dim operator +(Dim left, Dim right) =>
        (left.Known, right.Known) switch
        {
            ({ } a, { } b) => checked(a + b),
            (0, _) => right,
            (_, 0) => left,
            _ => new([.. left.Terms, .. right.Terms]),
        };

    /// <summary>Difference of two lengths.</summary>
    public static Dim operator -(Dim left, Dim right) => left + (right * -1);

    /// <summary>Product of two lengths.</summary>
    public static Dim operator *(Dim left, Dim right) =>
        (left.Known, right.Known) switch
        {
            ({ } a, { } b) => checked(a * b),
            (1, _) => right,
            (_, 1) => left,
            _ => new(left.Terms.SelectMany(_ => right.Terms, (a, b) => a * b)),
        };

    /// <summary>Quotient of two lengths; the division must leave no remainder.</summary>
    /// <exception cref="GraphException">Two known lengths do not divide, or the divisor is a sum or zero.</exception>
    public static Dim operator /(Dim left, Dim right)
    {
        if (left == right)
        {
            return One;
        }

        if (right.Known == 1)
        {
            return left;
        }

        if ((left.Known, right.Known) is ({ } a, { } b) && b != 0 && a % b == 0)
        {
            return a / b;
        }

        return right.Terms is [var divisor]
            ? new Dim(left.Terms.Select(term => term * divisor.Inverse()))
            : throw new GraphException($"The length {left} cannot be divided by {right}.");
    }

    /// <summary>Whether two lengths are the same, whatever the values of the names in them.</summary>
    public static bool operator ==(Dim? left, Dim? right) =>
        ReferenceEquals(left, right)
        || (
            left is not null
            && right is not null
            && left.Known == right.Known
            && (left.Known is not null || left.Terms.SequenceEqual(right.Terms, DimTerm.ByValue))
        );

    /// <summary>Whether two lengths may differ.</summary>
    public static bool operator !=(Dim? left, Dim? right) => !(left == right);

    /// <summary>The number of whole steps of size <paramref name="step"/> that fit; named parts divide exactly by promise.</summary>
    internal Dim FloorDivide(long step)
    {
        var constant = Terms.Where(term => term.Powers.IsEmpty).Sum(term => term.Numerator);
        return (Dim)(long)Math.Floor((double)constant / step)
            + new Dim(Terms.Where(term => !term.Powers.IsEmpty).Select(term => term * new DimTerm(1, step)));
    }

    /// <summary>The length when the names in it stand for these numbers.</summary>
    /// <exception cref="GraphException">A name has no number.</exception>
    internal double Evaluate(IReadOnlyDictionary<string, long> lengths) =>
        Terms.Sum(term =>
            term.Powers.Aggregate(
                (double)term.Numerator / term.Denominator,
                (value, power) =>
                    lengths.TryGetValue(power.Key, out var length)
                        ? value * Math.Pow(length, power.Value)
                        : throw new GraphException(
                            $"The length {this} depends on '{power.Key}', which is not among {string.Join(", ", lengths.Keys)}."
                        )
            )
        );

    /// <inheritdoc/>
    public bool Equals(Dim? other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Dim other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() =>
        Known is { } known
            ? known.GetHashCode()
            : Terms.Aggregate(0, (hash, term) => HashCode.Combine(hash, DimTerm.ByValue.GetHashCode(term)));

    /// <inheritdoc/>
    public override string ToString() =>
        _text ??= Known is { } known
            ? known.ToString(CultureInfo.InvariantCulture)
            : string.Join('+', Terms).Replace("+-", "-", StringComparison.Ordinal);

    /// <summary>
    /// Sums of like terms, those with names first and the constant last: "frames+2". A graph is written with some ten thousand lengths.
    /// </summary>
    private static List<DimTerm> Collected(IEnumerable<DimTerm> terms)
    {
        var sums = new List<DimTerm>();
        foreach (var term in terms)
        {
            var like = 0;
            while (like < sums.Count && !string.Equals(sums[like].Symbols, term.Symbols, StringComparison.Ordinal))
            {
                like++;
            }

            if (like == sums.Count)
            {
                sums.Add(term);
            }
            else
            {
                sums[like] += term;
            }
        }

        sums.RemoveAll(term => term.Numerator == 0);
        if (sums.Count > 1)
        {
            sums.Sort(
                (one, other) =>
                    one.Powers.IsEmpty != other.Powers.IsEmpty
                        ? one.Powers.IsEmpty.CompareTo(other.Powers.IsEmpty)
                        : string.CompareOrdinal(one.Symbols, other.Symbols)
            );
        }

        return sums;
    }
}
