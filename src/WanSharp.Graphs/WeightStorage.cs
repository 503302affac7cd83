namespace WanSharp.Graphs;

/// <summary>Where a graph finds its weights.</summary>
public enum WeightStorage
{
    /// <summary>Weights are graph inputs, given at every run: one compiled graph serves many sets of weights.</summary>
    Inputs,

    /// <summary>Weights are initializers with external data: the runtime can pack them once, for one set of weights.</summary>
    Initializers,
}
