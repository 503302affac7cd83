namespace WanSharp.Engine;

/// <summary>When the number of clips sharing a clip's steps changed, and to what.</summary>
/// <param name="From">Since the call that makes the clip.</param>
/// <param name="Clips">How many took a step together, itself included.</param>
public readonly record struct BatchSizeSample(TimeSpan From, int Clips);
