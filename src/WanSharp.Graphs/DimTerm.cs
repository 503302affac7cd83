using System.Collections.Immutable;
using System.Globalization;

namespace WanSharp.Graphs;

/// <summary>One term of a <see cref="Dim"/>: a reduced fraction times powers of named lengths.</summary>
internal sealed record DimTerm
{
    private static readonly ImmutableSortedDictionary<string, int> NoPowers = ImmutableSortedDictionary.Create<string, int>(
        StringComparer.Ordinal
    );

    public DimTerm(Int128 numerator, Int128 denominator)
        : this(numerator, denominator, NoPowers, "") { }

    private DimTerm(Int128 numerator, Int128 denominator, ImmutableSortedDictionary<string, int> powers, string? symbols = null)
    {
        if (denominator == 1)
        {
            (Numerator, Denominator) = (checked((long)numerator), 1);
        }
        else
        {
            var divisor = GreatestCommonDivisor(numerator, denominator) * Int128.Sign(denominator);
            Numerator = checked((long)(numerator / divisor));
            Denominator = checked((long)(denominator / divisor));
        }

        Powers = powers;
        Symbols = symbols ?? string.Join('*', Powers.Select(p => $"{p.Key}^{p.Value}"));
    }

    /// <summary>Compares what terms are worth, which their powers alone do not tell: those are compared by reference.</summary>
    public static IEqualityComparer<DimTerm> ByValue { get; } =
        EqualityComparer<DimTerm>.Create(
            (one, other) =>
                one!.Numerator == other!.Numerator
                && one.Denominator == other.Denominator
                && string.Equals(one.Symbols, other.Symbols, StringComparison.Ordinal),
            term => HashCode.Combine(term.Numerator, term.Denominator, term.Symbols)
        );

    public long Numerator { get; }

    public long Denominator { get; }

    public ImmutableSortedDictionary<string, int> Powers { get; }

    /// <summary>What terms must have in common to be added up.</summary>
    public string Symbols { get; }

    public static DimTerm Symbol(string name) => new(1, 1, NoPowers.Add(name, 1));

    public static DimTerm operator +(DimTerm left, DimTerm right) =>
        new(
            ((Int128)left.Numerator * right.Denominator) + ((Int128)right.Numerator * left.Denominator),
            (Int128)left.Denominator * right.Denominator,
            left.Powers,
            left.Symbols
        );

    public static DimTerm operator *(DimTerm left, DimTerm right)
    {
        var (numerator, denominator) = ((Int128)left.Numerator * right.Numerator, (Int128)left.Denominator * right.Denominator);
        if (right.Powers.IsEmpty || left.Powers.IsEmpty)
        {
            var named = right.Powers.IsEmpty ? left : right;
            return new DimTerm(numerator, denominator, named.Powers, named.Symbols);
        }

        var powers = left.Powers;
        foreach (var (symbol, power) in right.Powers)
        {
            var sum = powers.GetValueOrDefault(symbol) + power;
            powers = sum == 0 ? powers.Remove(symbol) : powers.SetItem(symbol, sum);
        }

        return new DimTerm(numerator, denominator, powers);
    }

    public DimTerm Inverse() =>
        new(Denominator, Numerator, Powers.ToImmutableSortedDictionary(p => p.Key, p => -p.Value, StringComparer.Ordinal));

    public override string ToString()
    {
        var above = Powers.SelectMany(p => Enumerable.Repeat(p.Key, Math.Max(p.Value, 0))).ToList();
        if (Numerator != 1 || above.Count == 0)
        {
            above.Insert(0, Numerator.ToString(CultureInfo.InvariantCulture));
        }

        var below = Powers.SelectMany(p => Enumerable.Repeat(p.Key, Math.Max(-p.Value, 0))).ToList();
        if (Denominator != 1)
        {
            below.Insert(0, Denominator.ToString(CultureInfo.InvariantCulture));
        }

        return string.Join('*', above) + string.Concat(below.Select(b => $"/{b}"));
    }

    private static Int128 GreatestCommonDivisor(Int128 a, Int128 b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return Int128.Abs(a);
    }
}
