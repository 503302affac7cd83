namespace WanSharp.Engine;

/// <summary>The stages of a generation, in the order in which they run.</summary>
public enum GenerationStage
{
    /// <summary>Weights are mapped and graphs compiled.</summary>
    Load,

    /// <summary>Prompts and images become features.</summary>
    Encode,

    /// <summary>Noise becomes latents, step by step.</summary>
    Denoise,

    /// <summary>Latents become frames.</summary>
    Decode,

    /// <summary>
    /// More frames are made of those that are decoded, and larger ones, in clips that ask for it; progress counts them under
    /// <see cref="Decode"/>.
    /// </summary>
    Enhance,

    /// <summary>Frames go to the writer as they are decoded; progress counts them under <see cref="Decode"/>.</summary>
    Write,
}
