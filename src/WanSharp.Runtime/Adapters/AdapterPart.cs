namespace WanSharp.Runtime.Adapters;

/// <summary>A LoRA's factors for a layer.</summary>
/// <param name="Change">The factors.</param>
/// <param name="Lora">Which of the LoRAs it is.</param>
/// <param name="Source">The LoRA's file.</param>
internal readonly record struct AdapterPart(LowRankChange Change, int Lora, string Source);
