namespace WanSharp.Graphs.Networks;

/// <summary>
/// A convolution with three taps along one dimension that multiplies less: <see cref="Results"/> results at a time are
/// linear combinations of as many products as there are inputs, instead of three products each.
/// </summary>
/// <remarks>
/// <para>For inputs d and a kernel g, the results are Aᵀ((G g) ⊙ (Bᵀ d)), where the combinations of the kernel are made once.
/// Two results take 4 products instead of 6, four take 6 instead of 12. More would cost precision: the combinations
/// grow with the powers of the points at which polynomials are evaluated (here 0, ±1, ±2 and infinity).</para>
/// <para>Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv:1509.09308), after S. Winograd.</para>
/// </remarks>
/// <param name="Results">How many results are made at once.</param>
/// <param name="Inputs">Bᵀ [<see cref="Points"/>, <see cref="Points"/>], by rows.</param>
/// <param name="Kernel">G [<see cref="Points"/>, 3], by rows.</param>
/// <param name="Outputs">Aᵀ [<see cref="Results"/>, <see cref="Points"/>], by rows. Its column 1 is of ones: what is added to that
/// product is added to every result.</param>
internal sealed record MinimalFilter(int Results, float[] Inputs, float[] Kernel, float[] Outputs)
{
    /// <summary>The number of taps.</summary>
    public const int Taps = 3;

    /// <summary>The product that <see cref="Outputs"/> adds to every result as it is.</summary>
    public const int BiasPoint = 1;

    private static readonly MinimalFilter Two = new(
        2,
        [1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1],
        [1, 0, 0, 1 / 2f, 1 / 2f, 1 / 2f, 1 / 2f, -1 / 2f, 1 / 2f, 0, 0, 1],
        [1, 1, 1, 0, 0, 1, -1, -1]
    );

    private static readonly MinimalFilter Four = new(
        4,
        [4, 0, -5, 0, 1, 0, 0, -4, -4, 1, 1, 0, 0, 4, -4, -1, 1, 0, 0, -2, -1, 2, 1, 0, 0, 2, -1, -2, 1, 0, 0, 4, 0, -5, 0, 1],
        [1 / 4f, 0, 0, -1 / 6f, -1 / 6f, -1 / 6f, -1 / 6f, 1 / 6f, -1 / 6f, 1 / 24f, 1 / 12f, 1 / 6f, 1 / 24f, -1 / 12f, 1 / 6f, 0, 0, 1],
        [1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 0, 0, 1, -1, 8, -8, 1]
    );

    /// <summary>The number of inputs, and of products.</summary>
    public int Points => Results + Taps - 1;

    /// <summary>The filter that makes most of this many results at once, or none for a single one.</summary>
    public static MinimalFilter? For(int results) =>
        results >= Four.Results ? Four
        : results >= Two.Results ? Two
        : null;
}
