using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Reference values that the official code produced; tests/fixtures holds the sets that the tests need.</summary>
public static class Fixture
{
    public static ICheckpoint Open(string name) =>
        Checkpoint.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", name, "io.safetensors"));
}
