using WanSharp.Graphs.Networks;

namespace WanSharp.Models;

/// <summary>Where the parts of a model are, and what they are. Nothing is open.</summary>
internal sealed record ModelParts
{
    /// <summary>What describes the model, for errors: its <c>config.json</c>, or the path that was asked for.</summary>
    public required string Source { get; init; }

    public required string Folder { get; init; }

    public required string Name { get; init; }

    public required ModelDefaults Defaults { get; init; }

    public required TransformerConfig Transformer { get; init; }

    public required Umt5Config TextEncoder { get; init; }

    public required VaeConfig Vae { get; init; }

    /// <summary>The colours of latents that a description has.</summary>
    public LatentColors? Colors { get; init; }

    /// <summary>The only transformer, or the expert for low noise.</summary>
    public required string TransformerPath { get; init; }

    /// <summary>The expert for high noise, of models that have two.</summary>
    public string? HighNoisePath { get; init; }

    public required string TextEncoderPath { get; init; }

    public required string VaePath { get; init; }

    /// <summary>A <c>spiece.model</c>, a <c>tokenizer.json</c>, or a checkpoint that carries the former.</summary>
    public required string TokenizerPath { get; init; }

    /// <summary>What the user should know about the choice of these parts.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether a <c>config.json</c> of ours names the parts.</summary>
    public bool IsDescribed { get; init; }

    /// <summary>Whether parts of a description were replaced by others.</summary>
    public bool IsChanged { get; init; }

    /// <summary>CLIP's image encoder and where it is, of models that look at images.</summary>
    public (VisionEncoderConfig Configuration, string Path)? VisionEncoder { get; init; }

    /// <summary>The parts' files.</summary>
    public TakenParts Taken =>
        new()
        {
            Transformer = TransformerPath,
            HighNoise = HighNoisePath,
            TextEncoder = TextEncoderPath,
            Vae = VaePath,
            VisionEncoder = VisionEncoder?.Path,
            Tokenizer = TokenizerPath,
            IsDescribed = IsDescribed && !IsChanged,
            Notes = Notes,
        };
}
