namespace WanSharp.Hosting.Outputs;

/// <summary>A clip of a film.</summary>
/// <param name="Section">The number of its section, from 1.</param>
/// <param name="Start">What it begins with: <c>cut</c> or <c>continue</c>; <c>given</c> for a clip of the user's.</param>
/// <param name="Frames">The frames that it shows.</param>
/// <param name="Prompt">What it shows; of a clip of the user's its title.</param>
/// <param name="Seed">Its seed; null for a clip of the user's.</param>
/// <param name="State">In a dry run where it is on its way: <c>done</c>, <c>cached</c>, <c>run</c>, <c>waits</c>, <c>failed</c>; else
/// <c>done</c>.</param>
/// <param name="File">Its file's name in the film's folder; null before it is known.</param>
public sealed record FilmClipOutput(int Section, string Start, int Frames, string Prompt, ulong? Seed, string State, string? File);
