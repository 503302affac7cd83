namespace WanSharp.Graphs.Networks;

/// <summary>Which image classifier's features LPIPS compares.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Parts">
/// The convolutions between two compared features, in order; a maximum over neighbours comes before each part but the ones that
/// <paramref name="Pooled"/> excludes.
/// </param>
/// <param name="Pooled">For each part, whether it begins with that maximum.</param>
/// <param name="PoolLength">Over how many pixels a side the maximum is taken, with a step of 2.</param>
public sealed record PerceptualConfig(
    string Name,
    IReadOnlyList<IReadOnlyList<PerceptualLayer>> Parts,
    IReadOnlyList<bool> Pooled,
    int PoolLength
)
{
    /// <summary>AlexNet: fast, and what papers report by default.</summary>
    public static PerceptualConfig AlexNet { get; } =
        new(
            "alex",
            [
                [new(0, 64, 11, Stride: 4, Padding: 2)],
                [new(3, 192, 5, Stride: 1, Padding: 2)],
                [new(6, 384, 3, Stride: 1, Padding: 1)],
                [new(8, 256, 3, Stride: 1, Padding: 1)],
                [new(10, 256, 3, Stride: 1, Padding: 1)],
            ],
            [false, true, true, false, false],
            PoolLength: 3
        );

    /// <summary>VGG16: slower, nearer to what a network is trained with.</summary>
    public static PerceptualConfig Vgg { get; } =
        new(
            "vgg",
            [
                [Same(0, 64), Same(2, 64)],
                [Same(5, 128), Same(7, 128)],
                [Same(10, 256), Same(12, 256), Same(14, 256)],
                [Same(17, 512), Same(19, 512), Same(21, 512)],
                [Same(24, 512), Same(26, 512), Same(28, 512)],
            ],
            [false, true, true, true, true],
            PoolLength: 2
        );

    /// <summary>The same classifier with other numbers of channels.</summary>
    /// <param name="channelsOf">The number of channels that the layer of a part, from 0, at a place makes; null for the usual one.</param>
    public PerceptualConfig WithChannels(Func<int, PerceptualLayer, int?> channelsOf) =>
        this with
        {
            Parts =
            [
                .. Parts.Select(
                    (part, i) => part.Select(layer => layer with { Channels = channelsOf(i, layer) ?? layer.Channels }).ToList()
                ),
            ],
        };

    /// <summary>The least width and height that leaves something to compare at the last part.</summary>
    public int LeastLength => Name == Vgg.Name ? 16 : 31; // AlexNet: 31 → 7 → 3 → 1

    private static PerceptualLayer Same(int place, int channels) => new(place, channels, 3, Stride: 1, Padding: 1);
}
