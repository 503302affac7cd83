namespace WanSharp.Jobs.Comfy;

/// <summary>What inputs of a workflow a <see cref="JobRequest"/> can fill; in a mapping file by these names in snake_case.</summary>
public enum ComfyRole
{
    /// <summary>The prompt's text.</summary>
    Prompt,

    /// <summary>The negative prompt's text.</summary>
    Negative,

    /// <summary>The seed.</summary>
    Seed,

    /// <summary>Pixels across.</summary>
    Width,

    /// <summary>Pixels down.</summary>
    Height,

    /// <summary>Frames of video.</summary>
    Frames,

    /// <summary>Frames per second.</summary>
    Fps,

    /// <summary>Denoise steps.</summary>
    Steps,

    /// <summary>Guidance scale, of both experts where there are two.</summary>
    Guidance,

    /// <summary>Guidance scale of the expert for high noise.</summary>
    GuidanceHigh,

    /// <summary>The sampler's name.</summary>
    Sampler,

    /// <summary>Shift of the noise schedule.</summary>
    Shift,

    /// <summary>The file of the first frame.</summary>
    Image,

    /// <summary>The file of the last frame.</summary>
    LastImage,
}
