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

    /// <summary>Euler's method with fresh noise after each step. Named <c>euler-ancestral</c>.</summary>
    EulerAncestral,

    /// <summary>Consistency sampling, for distilled models. Named <c>lcm</c>.</summary>
    Lcm,

    /// <summary>rCM with fresh noise after each step, for models distilled by it (TurboWan). Named <c>rcm</c>.</summary>
    Rcm,

    /// <summary>rCM without noise between steps. Named <c>rcm-ode</c>.</summary>
    RcmOde,
}
