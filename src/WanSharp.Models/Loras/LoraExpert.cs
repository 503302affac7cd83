namespace WanSharp.Models.Loras;

/// <summary>Which of two experts a LoRA, or a part of one, is for.</summary>
public enum LoraExpert
{
    /// <summary>The expert of the first steps.</summary>
    High,

    /// <summary>The expert of the rest.</summary>
    Low,
}
