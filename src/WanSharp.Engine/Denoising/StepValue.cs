namespace WanSharp.Engine.Denoising;

/// <summary>A value inside a step, for whoever watches.</summary>
internal enum StepValue
{
    /// <summary>The latents that the network is given, without channels joined to them.</summary>
    LatentsIn,

    /// <summary>The network's velocity, given the prompt.</summary>
    Conditional,

    /// <summary>The network's velocity, given the negative prompt.</summary>
    Unconditional,

    /// <summary>What guidance made of the two velocities.</summary>
    Guided,

    /// <summary>The sampler's latents, before given frames are put back.</summary>
    LatentsOut,
}
