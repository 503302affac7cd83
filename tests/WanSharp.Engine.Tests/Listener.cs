namespace WanSharp.Engine.Tests;

/// <summary>Hears of progress at once, on the thread that makes it.</summary>
internal sealed class Listener(Action<GenerationProgress> hear) : IProgress<GenerationProgress>
{
    public void Report(GenerationProgress value) => hear(value);
}
