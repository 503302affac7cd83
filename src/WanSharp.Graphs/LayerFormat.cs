namespace WanSharp.Graphs;

/// <summary>How a linear layer multiplies.</summary>
/// <param name="IsEightBit">Whether it multiplies 8-bit integers; in floating point otherwise.</param>
/// <param name="Group">
/// Of how many inputs each group is that is rotated before it is quantized, so that no input stands out (ConvRot); 0 for none.
/// </param>
public readonly record struct LayerFormat(bool IsEightBit, int Group = 0)
{
    /// <summary>The groups of ConvRot as it is published.</summary>
    public const int LargestGroup = 256;

    private const int SmallestGroup = 16;
    private const int Base = 4;

    /// <summary>In floating point, as the network is.</summary>
    public static LayerFormat Exact => default;

    /// <summary>In 8-bit integers, not rotated.</summary>
    public static LayerFormat EightBit => new(true);

    /// <summary>In 8-bit integers, rotated in the largest groups that the inputs divide into; null where there are none.</summary>
    /// <param name="inputs">How many inputs the layer has.</param>
    public static LayerFormat? Rotated(long inputs)
    {
        var group = LargestGroup;
        while (group >= SmallestGroup && inputs % group != 0)
        {
            group /= Base;
        }

        return group >= SmallestGroup ? new LayerFormat(true, group) : null;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        this switch
        {
            { IsEightBit: false } => "float",
            { Group: 0 } => "int8",
            _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"int8 convrot {Group}"),
        };
}
