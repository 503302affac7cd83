namespace WanSharp.Engine.StepCaches;

/// <summary>
/// Spectrum: a polynomial of Chebyshev's, fitted to the last outputs with a ridge, mixed with half a step along the line of the last two.
/// </summary>
/// <remarks>
/// Source: leejet/stable-diffusion.cpp:src/runtime/spectrum.hpp, <c>predict</c>. Steps are placed at τ = step / 50 · 2 − 1, whatever their
/// number.
/// </remarks>
internal sealed class ChebyshevForecast : IStepForecast
{
    /// <summary>The line needs two.</summary>
    public const int LeastSteps = 2;

    private const int Terms = 4; // up to the third power
    private const int History = 6;
    private const double Ridge = 1;
    private const double Share = 0.4;
    private const double Slope = 0.5;
    private const double Span = 50;

    public int Length => History;

    public int Least => LeastSteps;

    public double[] Weights(IReadOnlyList<int> steps, int step)
    {
        double[][] rows = [.. steps.Select(Polynomials)];
        var normal = new double[Terms, Terms]; // XᵀX + λI
        for (var i = 0; i < Terms; i++)
        {
            for (var j = 0; j < Terms; j++)
            {
                normal[i, j] = rows.Sum(row => row[i] * row[j]) + (i == j ? Ridge : 0);
            }
        }

        var solved = Solve(normal, Polynomials(step));
        double[] weights = [.. rows.Select(row => Share * row.Zip(solved, (value, factor) => value * factor).Sum())];
        weights[^1] += (1 - Share) * (1 + Slope);
        weights[^2] -= (1 - Share) * Slope;
        return weights;
    }

    private static double[] Polynomials(int step)
    {
        var at = (step / Span * 2) - 1;
        var values = new double[Terms];
        (values[0], values[1]) = (1, at);
        for (var i = 2; i < Terms; i++)
        {
            values[i] = (2 * at * values[i - 1]) - values[i - 2];
        }

        return values;
    }

    /// <summary>Solves a positive definite system by Cholesky's factors.</summary>
    private static double[] Solve(double[,] matrix, double[] right)
    {
        var n = right.Length;
        var factor = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var rest = matrix[i, j];
                for (var k = 0; k < j; k++)
                {
                    rest -= factor[i, k] * factor[j, k];
                }

                factor[i, j] = i == j ? Math.Sqrt(rest) : rest / factor[j, j];
            }
        }

        var values = (double[])right.Clone();
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                values[i] -= factor[i, j] * values[j];
            }

            values[i] /= factor[i, i];
        }

        for (var i = n - 1; i >= 0; i--)
        {
            for (var j = i + 1; j < n; j++)
            {
                values[i] -= factor[j, i] * values[j];
            }

            values[i] /= factor[i, i];
        }

        return values;
    }
}
