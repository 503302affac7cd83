namespace WanSharp.Engine.Sampling;

/// <summary>The samplers that a request can ask for.</summary>
public enum SamplerKind
{
    /// <summary>UniPC, order 2, B₂(h): the official default. Named <c>unipc</c>.</summary>
    UniPc,

    /// <summary>DPM-Solver++ (2M). Named <c>dpm++</c>.</summary>
    DpmPlusPlus,

    /// <summary>DPM-Solver++ (2M) over sigmas spaced as Karras et al. do. Named <c>dpm++-karras</c>.</summary>
    DpmPlusPlusKarras,

    /// <summary>Euler's method, one evaluation a step, no history. Named <c>euler</c>.</summary>
    Euler,
}
