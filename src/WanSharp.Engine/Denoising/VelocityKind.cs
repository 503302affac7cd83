namespace WanSharp.Engine.Denoising;

/// <summary>Which velocity of a step is meant.</summary>
internal enum VelocityKind
{
    /// <summary>The network's, given the prompt.</summary>
    Conditional,

    /// <summary>The network's, given the negative prompt.</summary>
    Unconditional,

    /// <summary>What guidance made of the two.</summary>
    Guided,
}
