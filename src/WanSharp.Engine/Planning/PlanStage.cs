using System.Text.Json.Serialization;

namespace WanSharp.Engine.Planning;

/// <summary>A stage of a generation, as its cost is told.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanStage>))]
public enum PlanStage
{
    /// <summary>The prompts, through the text encoder.</summary>
    Text,

    /// <summary>The images that are given, through the VAE's encoder and CLIP.</summary>
    Image,

    /// <summary>Every step's forward passes.</summary>
    Denoise,

    /// <summary>Latents to frames.</summary>
    Decode,
}
