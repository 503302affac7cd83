namespace WanSharp.Jobs.Comfy;

/// <summary>What a node's input means that speaks of steps.</summary>
internal enum StepMeaning
{
    /// <summary>The number of steps.</summary>
    Count,

    /// <summary>The step at which a sampler begins or ends, because another one has those before or after it.</summary>
    Turn,

    /// <summary>The step from or until which a node does something.</summary>
    Part,

    /// <summary>Steps that are named one by one, in a text.</summary>
    List,

    /// <summary>Not known.</summary>
    Unknown,
}
