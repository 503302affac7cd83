namespace WanSharp.Engine;

/// <summary>From when on a clip's steps were shared by so many clips.</summary>
/// <param name="From">Since the call that makes the clip.</param>
/// <param name="Clips">How many took a step together, itself included.</param>
public readonly record struct BatchSizeSample(TimeSpan From, int Clips);
