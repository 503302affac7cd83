namespace WanSharp.Hosting.Outputs;

/// <summary>A preset.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Aliases">Its other names.</param>
/// <param name="About">What it makes.</param>
/// <param name="Models">The models that it is for.</param>
/// <param name="Fits">Whether it is for the model that was asked about; null where none was.</param>
/// <param name="Ready">Whether its LoRAs are there, or none are needed; null where no model was asked about.</param>
/// <param name="Note">What is used, or what is missing; null where no model was asked about.</param>
public sealed record PresetOutput(
    string Name,
    IReadOnlyList<string> Aliases,
    string About,
    IReadOnlyList<string> Models,
    bool? Fits,
    bool? Ready,
    string? Note
);
