namespace WanSharp.Engine.Presets;

/// <summary>Whether a preset can be used with a model.</summary>
/// <param name="Name">The preset's name.</param>
/// <param name="Preset">The preset.</param>
/// <param name="Fits">Whether it is for the model.</param>
/// <param name="IsReady">Whether its LoRAs are there, or none are needed.</param>
/// <param name="Note">One line: what is used, or what is missing and where to get it.</param>
public sealed record PresetState(string Name, Preset Preset, bool Fits, bool IsReady, string Note);
