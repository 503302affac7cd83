namespace WanSharp.Jobs.Comfy;

/// <summary>Where a server has a job.</summary>
internal enum ComfyPlace
{
    /// <summary>Neither in the queue nor at work.</summary>
    Nowhere,

    /// <summary>In the queue.</summary>
    Pending,

    /// <summary>At work.</summary>
    Running,
}
