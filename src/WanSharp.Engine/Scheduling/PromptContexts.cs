using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>A clip's encoded prompts, freed however the clip ends.</summary>
/// <param name="branches">For each branch <c>[1, text length, text dim]</c>, the prompt's first.</param>
internal sealed class PromptContexts(IReadOnlyList<Tensor> branches) : IDisposable
{
    public IReadOnlyList<Tensor> Branches => branches;

    public void Dispose()
    {
        foreach (var branch in branches)
        {
            branch.Dispose();
        }
    }
}
