namespace WanSharp.Tools.Selftest;

/// <summary>One tensor of ours compared with the original's.</summary>
/// <param name="Name">The tensor's name in the fixture.</param>
/// <param name="MaximumError">Largest absolute difference; infinite when shapes differ or a value is not a number.</param>
/// <param name="RelativeError">That difference as a share of the expected tensor's largest magnitude.</param>
/// <param name="Limit">The largest absolute difference that passes.</param>
public sealed record Comparison(string Name, double MaximumError, double RelativeError, double Limit)
{
    /// <summary>Whether the difference is within the limit.</summary>
    public bool Passed => MaximumError <= Limit;

    /// <summary>Compares values.</summary>
    public static Comparison Of(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double limit) =>
        Of(name, actual, expected, new NumberLimit(limit));

    /// <summary>Compares values that may have been rounded.</summary>
    internal static Comparison Of(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, NumberLimit limit)
    {
        if (actual.Length != expected.Length)
        {
            return new Comparison(name, double.PositiveInfinity, double.PositiveInfinity, limit.Kernels);
        }

        double error = 0,
            magnitude = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = Math.Abs((double)actual[i] - expected[i]);
            error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            magnitude = Math.Max(magnitude, Math.Abs((double)expected[i]));
        }

        return new Comparison(name, error, magnitude > 0 ? error / magnitude : error, limit.For(magnitude, actual.Length));
    }

    /// <summary>Compares integers, which must be equal.</summary>
    public static Comparison Exact(string name, ReadOnlySpan<long> actual, ReadOnlySpan<long> expected)
    {
        double error = actual.Length == expected.Length ? 0 : double.PositiveInfinity;
        for (var i = 0; i < Math.Min(actual.Length, expected.Length); i++)
        {
            error = Math.Max(error, Math.Abs((double)actual[i] - expected[i]));
        }

        return new Comparison(name, error, error, 0);
    }
}
