namespace WanSharp.Engine;

/// <summary>When the number of clips sharing a clip's steps changed, and to what.</summary>
/// <param name="From">When, counted from the call that makes the clip.</param>
/// <param name="Clips">How many clips share a step from then on, this one included.</param>
public readonly record struct BatchSizeSample(TimeSpan From, int Clips);
