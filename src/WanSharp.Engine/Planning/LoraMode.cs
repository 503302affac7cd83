namespace WanSharp.Engine.Planning;

/// <summary>How LoRAs change a transformer. The clip is the same up to rounding.</summary>
public enum LoraMode
{
    /// <summary>As factors where that is possible, otherwise merged.</summary>
    Auto,

    /// <summary>
    /// Merged into a copy of the weights, which is made once and kept: no slower than without LoRAs, but a copy for each set of LoRAs and
    /// strengths, and only clips that have the same share a step.
    /// </summary>
    Merged,

    /// <summary>
    /// As thin factors next to the weights: a change of LoRAs or strengths takes no time, and clips with different ones share steps.
    /// </summary>
    Unmerged,
}
