using System.Text.Json.Serialization;

namespace WanSharp.Engine.Costs;

/// <summary>A stage of a generation, for its cost.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanStage>))]
public enum PlanStage
{
    /// <summary>The prompts, through the text encoder.</summary>
    Text,

    /// <summary>The given images, through the VAE's encoder and CLIP.</summary>
    Image,

    /// <summary>Every step's forward passes.</summary>
    Denoise,

    /// <summary>Latents to frames.</summary>
    Decode,

    /// <summary>Frames to more of them, and to larger ones, in clips that ask for it.</summary>
    Enhance,
}
