using WanSharp.Engine;

namespace WanSharp.Testing;

/// <summary>Hears of progress at once, on the thread that makes it.</summary>
public sealed class Listener(Action<GenerationProgress> hear) : IProgress<GenerationProgress>
{
    public void Report(GenerationProgress value) => hear(value);
}
