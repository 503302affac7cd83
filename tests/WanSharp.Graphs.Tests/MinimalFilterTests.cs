using WanSharp.Graphs.Networks;

namespace WanSharp.Graphs.Tests;

public sealed class MinimalFilterTests
{
    private const double Tolerance = 1e-6; // the tables' fractions are rounded to F32

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Filter_OfAnyInputs_GivesTheConvolution(int results)
    {
        var filter = MinimalFilter.For(results)!;
        double[] kernel = [0.3, -1.2, 0.7];
        double[] inputs = [.. Enumerable.Range(0, filter.Points).Select(i => Math.Sin(i + 1))];

        var products = Product(filter.Kernel, kernel).Zip(Product(filter.Inputs, inputs), (g, d) => g * d).ToArray();
        var actual = Product(filter.Outputs, products);

        Assert.Equal(results, actual.Length);
        for (var t = 0; t < results; t++)
        {
            Assert.Equal((kernel[0] * inputs[t]) + (kernel[1] * inputs[t + 1]) + (kernel[2] * inputs[t + 2]), actual[t], Tolerance);
        }
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(8, 4)]
    public void For_SomeResults_TakesTheLargestThatFits(int results, int? expected) =>
        Assert.Equal(expected, MinimalFilter.For(results)?.Results);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void BiasPoint_OfEveryFilter_ReachesEachResultOnce(int results)
    {
        var filter = MinimalFilter.For(results)!;

        Assert.All(Enumerable.Range(0, results), t => Assert.Equal(1, filter.Outputs[(t * filter.Points) + MinimalFilter.BiasPoint]));
    }

    /// <summary>A matrix by rows times a vector.</summary>
    private static double[] Product(float[] matrix, double[] vector) =>
        [.. matrix.Chunk(vector.Length).Select(row => row.Zip(vector, (a, b) => a * b).Sum())];
}
