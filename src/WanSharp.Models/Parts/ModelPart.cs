namespace WanSharp.Models;

/// <summary>The parts of a model that decide what it computes.</summary>
[Flags]
internal enum ModelPart
{
    /// <summary>No part.</summary>
    None = 0,

    /// <summary>The transformer's dimensions, by which images are prepared too.</summary>
    TransformerShape = 1,

    /// <summary>The weights of the transformer, or of both experts.</summary>
    TransformerWeights = 2,

    /// <summary>The text encoder's dimensions and weights.</summary>
    TextEncoder = 4,

    /// <summary>The tokenizer's pieces.</summary>
    Tokenizer = 8,

    /// <summary>The VAE's dimensions, statistics and weights.</summary>
    Vae = 16,

    /// <summary>The dimensions and weights of CLIP's image encoder.</summary>
    VisionEncoder = 32,

    /// <summary>All of them.</summary>
    All = TransformerShape | TransformerWeights | TextEncoder | Tokenizer | Vae | VisionEncoder,
}
