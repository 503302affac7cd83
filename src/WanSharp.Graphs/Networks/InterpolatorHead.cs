namespace WanSharp.Graphs.Networks;

/// <summary>What RIFE makes of each frame before it looks for movement, and how its layers are called.</summary>
public enum InterpolatorHead
{
    /// <summary>Nothing: versions 4.5 and 4.6.</summary>
    None,

    /// <summary>Two layers in a row: 4.7 to 4.9.</summary>
    TwoLayers,

    /// <summary>Four layers with activations between them, as places in a sequence: 4.10 to 4.12.</summary>
    Sequence,

    /// <summary>The same with names of their own: 4.13 to 4.26.</summary>
    Named,
}
