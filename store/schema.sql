-- What a row of the report is. The build loads run artefacts (store/runs) and facts (store/published)
-- into these tables; whatever breaks a type, a CHECK or a key here leaves its run out, with the reason.
-- The built file has no keys: the build checks them with a query once a table is filled (store/tables.py).
-- Units are in the names: lr per step, seconds, images_per_s, ms, peak_tflops, memory_gbps, bytes.

-- the types problem, scale and provenance are made from compute/core/vocabulary.py (store/schema.py)
CREATE TYPE stage AS ENUM ('untrained', 'direct', 'linear', 'pretrained', 'final');
-- how surely a published fact is known: read in the paper, at a first-party source, through somebody
-- else's summary, or derived from facts that are in the table
CREATE TYPE confidence AS ENUM ('read in the paper', 'first-party', 'second-hand', 'derived');

-- a network's usual name, whichever library's version of it (torchvision's `resnet50`, Caffe's `caffe_resnet50`)
CREATE MACRO network_name(model) AS CASE replace(model, 'caffe_', '')
    WHEN 'alexnet' THEN 'AlexNet' WHEN 'vgg16' THEN 'VGG-16' WHEN 'vgg19' THEN 'VGG-19'
    WHEN 'googlenet' THEN 'GoogLeNet' WHEN 'resnet50' THEN 'ResNet-50' ELSE model END;

-- ---------------------------------------------------------------- runs

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY,
    problem problem NOT NULL,
    job VARCHAR NOT NULL,
    scale scale NOT NULL,
    provenance provenance NOT NULL,
    model VARCHAR,
    depth INTEGER CHECK (depth > 0),
    gpu_type VARCHAR,
    dataset VARCHAR,
    lr DOUBLE CHECK (lr > 0 AND isfinite(lr)),
    seed INTEGER,
    device VARCHAR,
    config JSON NOT NULL,
    inputs VARCHAR[] NOT NULL,
    weights VARCHAR,
    code_version VARCHAR NOT NULL,
    python_version VARCHAR,
    torch_version VARCHAR,
    system VARCHAR,
    started_at TIMESTAMPTZ NOT NULL,
    seconds DOUBLE CHECK (seconds >= 0 AND isfinite(seconds)),
    contributor VARCHAR NOT NULL,
    note VARCHAR
);

-- runs that the build could not use; nothing of theirs is in any other table
CREATE TABLE left_out (
    run_id VARCHAR PRIMARY KEY,
    file VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);

-- the folders of runs that the build looked at, loaded or left out: `state` is a hash over the names, sizes and
-- times of their files, by which the next build knows what is new
CREATE TABLE folders (
    folder VARCHAR PRIMARY KEY,
    state VARCHAR NOT NULL
);

-- one training step each, counted from 0; of an imported log the steps whose loss it holds, or the last steps of
-- epochs with their mean (config `unit`)
CREATE TABLE steps (
    run_id VARCHAR NOT NULL,
    step INTEGER NOT NULL CHECK (step >= 0),
    loss DOUBLE NOT NULL CHECK (isfinite(loss)),
    PRIMARY KEY (run_id, step)
);

-- step: those done at the epoch's end; NULL stands for what an imported log does not say
CREATE TABLE epochs (
    run_id VARCHAR NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    step INTEGER NOT NULL CHECK (step >= 0),
    lr DOUBLE CHECK (lr >= 0),
    train_loss DOUBLE CHECK (isfinite(train_loss)),
    train_accuracy DOUBLE CHECK (train_accuracy BETWEEN 0 AND 1),
    test_loss DOUBLE CHECK (isfinite(test_loss)),
    test_accuracy DOUBLE CHECK (test_accuracy BETWEEN 0 AND 1),
    val_loss DOUBLE CHECK (isfinite(val_loss)),
    val_accuracy DOUBLE CHECK (val_accuracy BETWEEN 0 AND 1),
    seconds DOUBLE CHECK (seconds >= 0),
    images_per_s DOUBLE CHECK (images_per_s >= 0 AND isfinite(images_per_s)),
    PRIMARY KEY (run_id, epoch)
);

-- ---------------------------------------------------------------- problem 1: a target data set, and metrics of networks on it

-- images of a class in a split; base_class is the ImageNet class that it is, or is a kind of by its name
CREATE TABLE class_counts (
    run_id VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    split VARCHAR NOT NULL CHECK (split IN ('train', 'val', 'test')),
    class_id INTEGER NOT NULL CHECK (class_id >= 0),
    class_name VARCHAR NOT NULL,
    images INTEGER NOT NULL CHECK (images >= 0),
    base_class VARCHAR,
    PRIMARY KEY (run_id, split, class_id)
);

-- the first images of a class, as PNG files
CREATE TABLE samples (
    run_id VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    class_id INTEGER NOT NULL CHECK (class_id >= 0),
    class_name VARCHAR NOT NULL,
    nth INTEGER NOT NULL CHECK (nth >= 0),
    image BLOB NOT NULL,
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    PRIMARY KEY (run_id, split, class_id, nth)
);

-- accuracy of a network: stage `final` at the end, `direct` by its own last layer before a
-- transfer, `linear` by a linear classifier on its features, `untrained` by one on those of its initial weights,
-- `pretrained` before fine-tuning; loss is the mean cross-entropy
CREATE TABLE scores (
    run_id VARCHAR NOT NULL,
    stage stage NOT NULL,
    split VARCHAR NOT NULL CHECK (split IN ('train', 'val', 'test')),
    images INTEGER NOT NULL CHECK (images > 0),
    correct INTEGER NOT NULL CHECK (correct BETWEEN 0 AND images),
    loss DOUBLE CHECK (isfinite(loss)),
    PRIMARY KEY (run_id, stage, split)
);

-- the same for each class of the test split that has images
CREATE TABLE class_accuracy (
    run_id VARCHAR NOT NULL,
    stage stage NOT NULL,
    class_id INTEGER NOT NULL CHECK (class_id >= 0),
    correct INTEGER NOT NULL CHECK (correct BETWEEN 0 AND images),
    images INTEGER NOT NULL CHECK (images > 0),
    PRIMARY KEY (run_id, stage, class_id)
);

-- test images of one class that were classified as another
CREATE TABLE confusions (
    run_id VARCHAR NOT NULL,
    class_id INTEGER NOT NULL CHECK (class_id >= 0),
    predicted_id INTEGER NOT NULL CHECK (predicted_id >= 0 AND predicted_id <> class_id),
    images INTEGER NOT NULL CHECK (images > 0),
    PRIMARY KEY (run_id, class_id, predicted_id)
);

-- ---------------------------------------------------------------- problem 2: what a teacher selects

-- the labelled set that a teacher makes of unlabelled images with P = p, one row a label: the first k ranks of each
-- class are the set for K = k; `image` is the row in the data set's train split, true_id its true class
CREATE TABLE selected (
    run_id VARCHAR NOT NULL,
    p INTEGER NOT NULL CHECK (p > 0),
    class_id INTEGER NOT NULL CHECK (class_id >= 0),
    rank INTEGER NOT NULL CHECK (rank > 0),
    image INTEGER NOT NULL CHECK (image >= 0),
    score DOUBLE NOT NULL CHECK (score BETWEEN 0 AND 1),
    true_id INTEGER NOT NULL CHECK (true_id >= 0)
);

-- how different the correctly labelled images of a class in the set are: root mean square distance of the
-- teacher's features from their mean, mean over the classes
CREATE TABLE selection_spread (
    run_id VARCHAR NOT NULL,
    p INTEGER NOT NULL CHECK (p > 0),
    k INTEGER NOT NULL CHECK (k > 0),
    spread DOUBLE NOT NULL CHECK (spread >= 0 AND isfinite(spread)),
    PRIMARY KEY (run_id, p, k)
);

-- what the teacher selects from a long-tailed pool, a part of the same images in which classes are Zipf-distributed:
-- labels and how many of them are correct, for all classes and for the rarest, which has rarest_images in the pool
CREATE TABLE long_tailed (
    run_id VARCHAR NOT NULL,
    p INTEGER NOT NULL CHECK (p > 0),
    k INTEGER NOT NULL CHECK (k > 0),
    labels INTEGER NOT NULL CHECK (labels >= 0),
    correct INTEGER NOT NULL CHECK (correct BETWEEN 0 AND labels),
    rarest_images INTEGER NOT NULL CHECK (rarest_images > 0),
    rarest_labels INTEGER NOT NULL CHECK (rarest_labels BETWEEN 0 AND labels),
    rarest_correct INTEGER NOT NULL CHECK (rarest_correct BETWEEN 0 AND rarest_labels),
    PRIMARY KEY (run_id, p, k)
);

-- a teacher's cross-entropy at the true label of every image without labels, `image` as in `selected`
CREATE TABLE unlabelled_losses (
    run_id VARCHAR NOT NULL,
    image INTEGER NOT NULL CHECK (image >= 0),
    loss FLOAT NOT NULL CHECK (loss >= 0 AND isfinite(loss)),
    PRIMARY KEY (run_id, image)
);

-- some of the selected images, as PNG files
CREATE TABLE pictures (
    run_id VARCHAR NOT NULL,
    image INTEGER NOT NULL CHECK (image >= 0),
    png BLOB NOT NULL,
    PRIMARY KEY (run_id, image)
);

-- ---------------------------------------------------------------- problem 3: FLOPs and timings

-- a network that was counted: `published_gmacs` is what its own library prints for it. `variant` own: a reader's
-- network; `uncounted` names its operations without a rule, in `uncounted_modules` of `modules` leaf modules, which hold
-- `uncounted_params` parameters (NULL: nothing is uncounted). input_px is NULL where the input is no image
CREATE TABLE networks (
    run_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    variant VARCHAR NOT NULL CHECK (variant IN ('torchvision', 'caffe', 'own')),
    family VARCHAR NOT NULL,
    input_px INTEGER CHECK (input_px > 0),
    input_shape VARCHAR,
    params BIGINT NOT NULL CHECK (params >= 0),
    macs BIGINT NOT NULL CHECK (macs > 0),
    other_ops BIGINT NOT NULL CHECK (other_ops >= 0),
    published_gmacs DOUBLE CHECK (published_gmacs > 0),
    uncounted VARCHAR,
    uncounted_params BIGINT CHECK (uncounted_params >= 0),
    uncounted_modules INTEGER CHECK (uncounted_modules >= 0),
    modules INTEGER CHECK (modules >= uncounted_modules),
    PRIMARY KEY (model)
);

-- one row a leaf layer and kind of work, in order of execution, for one image in evaluation mode.
-- macs: multiply-accumulates of convolutions and matrix products; flops = 2 macs;
-- other_ops: everything else, once each (bias additions, pooling, normalisation, activations, sums).
-- live_bytes: activations that exist at once while it runs; kept_bytes (floating-point, in fp32) and kept_index_bytes
-- (indices and masks): what autograd keeps in training; NULL in runs from before these were counted
CREATE TABLE layers (
    run_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('conv', 'fc', 'matmul', 'norm', 'scale', 'lrn', 'relu', 'activation', 'pool', 'eltwise', 'softmax', 'concat', 'resize')),
    output_shape VARCHAR NOT NULL,
    params BIGINT NOT NULL CHECK (params >= 0),
    macs BIGINT NOT NULL CHECK (macs >= 0),
    flops BIGINT NOT NULL CHECK (flops = 2 * macs),
    other_ops BIGINT NOT NULL CHECK (other_ops >= 0),
    input_bytes BIGINT NOT NULL CHECK (input_bytes >= 0),
    activation_bytes BIGINT NOT NULL CHECK (activation_bytes >= 0),
    live_bytes BIGINT CHECK (live_bytes >= 0),
    kept_bytes BIGINT CHECK (kept_bytes >= 0),
    kept_index_bytes BIGINT CHECK (kept_index_bytes >= 0),
    PRIMARY KEY (model, position)
);

-- the matrix products among a layer's work for one image: `groups` of [rows x depth] [depth x columns], `repeats` times.
-- A convolution has output channels x (input channels · kernel) x output pixels, `kernel` positions in a filter (0: no
-- convolution). Images of a batch lengthen `columns` where one factor is learnt (`shared`), else they multiply `groups`
CREATE TABLE products (
    run_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    nth INTEGER NOT NULL CHECK (nth >= 0),
    groups INTEGER NOT NULL CHECK (groups > 0),
    rows BIGINT NOT NULL CHECK (rows > 0),
    depth BIGINT NOT NULL CHECK (depth > 0),
    columns BIGINT NOT NULL CHECK (columns > 0),
    kernel INTEGER NOT NULL CHECK (kernel >= 0),
    stride INTEGER NOT NULL CHECK (stride > 0),
    transposed BOOLEAN NOT NULL,
    shared BOOLEAN NOT NULL,
    repeats INTEGER NOT NULL CHECK (repeats > 0),
    PRIMARY KEY (model, position, nth)
);

-- measured times: `mode` full (whole forward pass), layerwise (host waits after every layer) or
-- amortised (a layer repeated without waiting, divided); `what` is a layer's name or 'forward'
CREATE TABLE timings (
    run_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    batch INTEGER NOT NULL CHECK (batch > 0),
    mode VARCHAR NOT NULL CHECK (mode IN ('full', 'layerwise', 'amortised')),
    position INTEGER NOT NULL CHECK (position >= 0),
    what VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    ms DOUBLE NOT NULL CHECK (ms >= 0 AND isfinite(ms)),
    sd_ms DOUBLE NOT NULL CHECK (sd_ms >= 0 AND isfinite(sd_ms)),
    repeats INTEGER NOT NULL CHECK (repeats > 0),
    PRIMARY KEY (run_id, model, mode, position)
);

-- a device's time by size: of a matrix product or convolution (sizes as in `products`), or of another layer that writes
-- `elements` (then the sizes are 0). direction: forward, or backward with the gradients of both inputs
CREATE TABLE profile_points (
    run_id VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    threads INTEGER NOT NULL CHECK (threads > 0),
    position INTEGER NOT NULL CHECK (position >= 0),
    operation VARCHAR NOT NULL,
    direction VARCHAR NOT NULL CHECK (direction IN ('forward', 'backward')),
    groups INTEGER NOT NULL CHECK (groups >= 0),
    rows BIGINT NOT NULL CHECK (rows >= 0),
    depth BIGINT NOT NULL CHECK (depth >= 0),
    columns BIGINT NOT NULL CHECK (columns >= 0),
    kernel INTEGER NOT NULL CHECK (kernel >= 0),
    stride INTEGER NOT NULL CHECK (stride >= 0),
    elements BIGINT NOT NULL CHECK (elements >= 0),
    ms DOUBLE NOT NULL CHECK (ms > 0 AND isfinite(ms)),
    PRIMARY KEY (run_id, position)
);

-- a network's measured time (the fastest of `repeats`) beside what a model predicts for it; pass: forward or a training
-- step. Models that are fitted (PPP, overhead) were fitted on all other networks of the same run and pass
CREATE TABLE time_predictions (
    run_id VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    pass VARCHAR NOT NULL CHECK (pass IN ('forward', 'step')),
    batch INTEGER NOT NULL CHECK (batch > 0),
    predictor VARCHAR NOT NULL,
    predicted_ms DOUBLE NOT NULL CHECK (predicted_ms > 0 AND isfinite(predicted_ms)),
    measured_ms DOUBLE NOT NULL CHECK (measured_ms > 0 AND isfinite(measured_ms)),
    repeats INTEGER NOT NULL CHECK (repeats > 0),
    PRIMARY KEY (run_id, model, pass, batch, predictor)
);

-- ---------------------------------------------------------------- problem 4: loss models

-- Eq. 1 of Optimus fitted to a training: segment 'all', or '1', '2', … between learning-rate drops, with
-- k counted from first_step. Losses were divided by `unit`; interval bounds are NULL where the data
-- cannot identify the coefficient
CREATE TABLE loss_models (
    run_id VARCHAR NOT NULL,
    source_run VARCHAR NOT NULL REFERENCES runs (run_id),
    segment VARCHAR NOT NULL,
    normalised BOOLEAN NOT NULL,
    outliers_replaced BOOLEAN NOT NULL,
    unit DOUBLE NOT NULL CHECK (unit > 0),
    first_step INTEGER NOT NULL CHECK (first_step >= 0),
    end_step INTEGER NOT NULL CHECK (end_step > first_step),
    beta0 DOUBLE NOT NULL CHECK (beta0 >= 0 AND isfinite(beta0)),
    beta0_low DOUBLE CHECK (beta0_low <= beta0),
    beta0_high DOUBLE CHECK (beta0_high >= beta0),
    beta1 DOUBLE NOT NULL CHECK (beta1 >= 0 AND isfinite(beta1)),
    beta1_low DOUBLE CHECK (beta1_low <= beta1),
    beta1_high DOUBLE CHECK (beta1_high >= beta1),
    beta2 DOUBLE NOT NULL CHECK (beta2 >= 0 AND isfinite(beta2)),
    beta2_low DOUBLE CHECK (beta2_low <= beta2),
    beta2_high DOUBLE CHECK (beta2_high >= beta2),
    rmse DOUBLE NOT NULL CHECK (rmse >= 0 AND isfinite(rmse)),
    points INTEGER NOT NULL CHECK (points >= 3),
    method VARCHAR NOT NULL,
    identified BOOLEAN NOT NULL,
    PRIMARY KEY (run_id, source_run, segment, normalised, outliers_replaced)
);

-- what the loss model would have forecast after `epoch` epochs, of which `drops` drops of the learning rate
-- were part: epochs in all until the loss that the training ended at; NULL where that is never
CREATE TABLE forecasts (
    run_id VARCHAR NOT NULL,
    source_run VARCHAR NOT NULL REFERENCES runs (run_id),
    method VARCHAR NOT NULL CHECK (method IN ('one curve', 'restarted')),
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    drops INTEGER NOT NULL CHECK (drops >= 0),
    progress_percent DOUBLE NOT NULL CHECK (progress_percent BETWEEN 0 AND 100),
    forecast_epochs DOUBLE CHECK (forecast_epochs >= 0),
    real_epochs INTEGER NOT NULL CHECK (real_epochs > 0),
    PRIMARY KEY (run_id, source_run, method, epoch)
);

-- a training's first segment predicted from the other depths of its GPU type, coefficients being straight lines in the
-- depth: mean absolute error along the curve, with losses normalised as said
CREATE TABLE depth_errors (
    run_id VARCHAR NOT NULL,
    source_run VARCHAR NOT NULL REFERENCES runs (run_id),
    normalised_by VARCHAR NOT NULL CHECK (normalised_by IN ('largest loss', 'ln(classes)')),
    error_percent DOUBLE NOT NULL CHECK (error_percent >= 0 AND isfinite(error_percent)),
    PRIMARY KEY (run_id, source_run, normalised_by)
);

-- the loss-model coefficients that 4.2 regresses, losses not normalised, with those of the held-out depth; low and
-- high are NULL where the data do not identify one, `predicted` is what the regression gives for the training's depth
-- and GPU type (NULL: no regression). A segment without rows for beta2 was fitted with beta2 held at 0
CREATE TABLE regressed_coefficients (
    run_id VARCHAR NOT NULL,
    source_run VARCHAR NOT NULL REFERENCES runs (run_id),
    segment VARCHAR NOT NULL,
    parameter VARCHAR NOT NULL CHECK (parameter IN ('beta0', 'beta1', 'beta2')),
    value DOUBLE NOT NULL CHECK (value >= 0 AND isfinite(value)),
    low DOUBLE CHECK (low <= value),
    high DOUBLE CHECK (high >= value),
    predicted DOUBLE CHECK (predicted >= 0 AND isfinite(predicted)),
    PRIMARY KEY (run_id, source_run, segment, parameter)
);

-- a loss-model coefficient (of segment 'all', '1', '2', …, losses not normalised) as a linear function of
-- depth and GPU type: one row a term, and with each the regression's quality; gpu_p is the F test's
-- probability that GPU types without an effect would differ this much (NULL: the types were not compared)
CREATE TABLE beta_regression (
    run_id VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    parameter VARCHAR NOT NULL CHECK (parameter IN ('beta0', 'beta1', 'beta2')),
    term VARCHAR NOT NULL,
    coefficient DOUBLE NOT NULL CHECK (isfinite(coefficient)),
    low DOUBLE NOT NULL CHECK (low <= coefficient),
    high DOUBLE NOT NULL CHECK (high >= coefficient),
    r2 DOUBLE NOT NULL CHECK (r2 <= 1),
    depth_r2 DOUBLE NOT NULL CHECK (depth_r2 <= 1),
    cv_rmse DOUBLE NOT NULL CHECK (cv_rmse >= 0),
    gpu_p DOUBLE CHECK (gpu_p BETWEEN 0 AND 1),
    PRIMARY KEY (run_id, segment, parameter, term)
);

-- mean training loss of an epoch (counted from 0): predicted, and measured where it was trained
CREATE TABLE curve_predictions (
    run_id VARCHAR NOT NULL,
    depth INTEGER NOT NULL CHECK (depth > 0),
    gpu_type VARCHAR NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    predicted DOUBLE NOT NULL CHECK (isfinite(predicted)),
    measured DOUBLE CHECK (isfinite(measured)),
    PRIMARY KEY (run_id, depth, gpu_type, epoch)
);

-- epochs until an accuracy (0 to 1) of the test or the training images is reached; low and high had the predicted loss been as wrong as that of
-- a depth that is left out, over the single trainings' loss–accuracy relations; NULL where it is not reached
CREATE TABLE epochs_to_target (
    run_id VARCHAR NOT NULL,
    depth INTEGER NOT NULL CHECK (depth > 0),
    gpu_type VARCHAR NOT NULL,
    accuracy VARCHAR NOT NULL CHECK (accuracy IN ('test', 'training')),
    target DOUBLE NOT NULL CHECK (target BETWEEN 0 AND 1),
    predicted DOUBLE CHECK (predicted > 0),
    low DOUBLE CHECK (low > 0),
    high DOUBLE CHECK (high > 0),
    measured DOUBLE CHECK (measured > 0),
    PRIMARY KEY (run_id, depth, gpu_type, accuracy, target)
);

-- for all GPU types together, at every depth that the page draws: the predicted mean training loss of an epoch
-- (counted from 0), and its range had the prediction been as wrong as that of a depth that is left out (NULL: unknown)
CREATE TABLE depth_curves (
    run_id VARCHAR NOT NULL,
    depth INTEGER NOT NULL CHECK (depth > 0),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    predicted DOUBLE NOT NULL CHECK (isfinite(predicted)),
    low DOUBLE CHECK (isfinite(low)),
    high DOUBLE CHECK (isfinite(high)),
    PRIMARY KEY (run_id, depth, epoch)
);

-- … and the epochs until an accuracy is reached, as in epochs_to_target
CREATE TABLE depth_epochs (
    run_id VARCHAR NOT NULL,
    depth INTEGER NOT NULL CHECK (depth > 0),
    accuracy VARCHAR NOT NULL CHECK (accuracy IN ('test', 'training')),
    target DOUBLE NOT NULL CHECK (target BETWEEN 0 AND 1),
    predicted DOUBLE CHECK (predicted > 0),
    low DOUBLE CHECK (low > 0),
    high DOUBLE CHECK (high > 0),
    PRIMARY KEY (run_id, depth, accuracy, target)
);

-- the held-out depth's epochs until an accuracy, had the learning rate first dropped after `first_drop` epochs (the
-- last epoch: never), the other drops as much earlier or later; `trained`: the schedule of the trainings
CREATE TABLE schedule_epochs (
    run_id VARCHAR NOT NULL,
    first_drop INTEGER NOT NULL CHECK (first_drop > 0),
    trained BOOLEAN NOT NULL,
    accuracy VARCHAR NOT NULL CHECK (accuracy IN ('test', 'training')),
    target DOUBLE NOT NULL CHECK (target BETWEEN 0 AND 1),
    predicted DOUBLE CHECK (predicted > 0),
    PRIMARY KEY (run_id, first_drop, accuracy, target)
);

-- a training step of a CIFAR ResNet of depth d on one GPU: fixed_ms + per_layer_ms * d, for `batch` images
CREATE TABLE gpu_times (
    run_id VARCHAR NOT NULL,
    gpu_type VARCHAR NOT NULL,
    fixed_ms DOUBLE NOT NULL CHECK (fixed_ms >= 0),
    per_layer_ms DOUBLE NOT NULL CHECK (per_layer_ms >= 0),
    batch INTEGER NOT NULL CHECK (batch > 0),
    PRIMARY KEY (run_id, gpu_type)
);

-- Eqs. 3 and 4 of Optimus: theta0 in s (asynchronous) or s an image (synchronous), the others in s;
-- m_batch is the images of a step over all workers
CREATE TABLE speed_models (
    run_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    mode VARCHAR NOT NULL CHECK (mode IN ('synchronous', 'asynchronous')),
    theta0 DOUBLE NOT NULL CHECK (theta0 >= 0),
    theta1 DOUBLE NOT NULL CHECK (theta1 >= 0),
    theta2 DOUBLE NOT NULL CHECK (theta2 >= 0),
    theta3 DOUBLE NOT NULL CHECK (theta3 >= 0),
    theta4 DOUBLE CHECK (theta4 >= 0),
    m_batch DOUBLE CHECK (m_batch > 0),
    source VARCHAR NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- measured training speed of parameter servers and workers, all workers together
CREATE TABLE speed_samples (
    run_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL CHECK (mode IN ('synchronous', 'asynchronous')),
    servers INTEGER NOT NULL CHECK (servers > 0),
    workers INTEGER NOT NULL CHECK (workers > 0),
    steps INTEGER NOT NULL CHECK (steps > 0),
    seconds DOUBLE NOT NULL CHECK (seconds > 0 AND isfinite(seconds)),
    steps_per_s DOUBLE NOT NULL CHECK (steps_per_s > 0 AND isfinite(steps_per_s)),
    PRIMARY KEY (run_id, mode, servers, workers)
);

-- 95 % interval of a coefficient of a speed model, `theta` its number: from fits to resampled points
CREATE TABLE speed_intervals (
    run_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    theta INTEGER NOT NULL CHECK (theta BETWEEN 0 AND 4),
    low DOUBLE NOT NULL CHECK (low >= 0),
    high DOUBLE NOT NULL CHECK (high >= low),
    PRIMARY KEY (run_id, name, theta)
);

-- mean absolute error of a speed model, fitted to so many random points, on the other points (with all points, on
-- these themselves): quartiles over the choices
CREATE TABLE speed_errors (
    run_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    points INTEGER NOT NULL CHECK (points > 0),
    median_percent DOUBLE NOT NULL CHECK (median_percent >= 0),
    low_percent DOUBLE NOT NULL CHECK (low_percent <= median_percent),
    high_percent DOUBLE NOT NULL CHECK (high_percent >= median_percent),
    PRIMARY KEY (run_id, name, points)
);

-- hours to a test accuracy, which takes `epochs` epochs on every GPU type, at least epochs_low and at most epochs_high
-- (NULL: never); gpu_type is NULL for the paper's own cluster, servers 0 for a GPU by itself
CREATE TABLE time_to_accuracy (
    run_id VARCHAR NOT NULL,
    speed_model VARCHAR NOT NULL,
    servers INTEGER NOT NULL CHECK (servers >= 0),
    workers INTEGER NOT NULL CHECK (workers > 0),
    gpu_type VARCHAR,
    target DOUBLE NOT NULL CHECK (target BETWEEN 0 AND 1),
    epochs DOUBLE NOT NULL CHECK (epochs > 0),
    epochs_low DOUBLE CHECK (epochs_low > 0),
    epochs_high DOUBLE CHECK (epochs_high > 0),
    hours DOUBLE NOT NULL CHECK (hours > 0 AND isfinite(hours)),
    PRIMARY KEY (run_id, speed_model, servers, workers, target)
);

-- a simulation of a cluster of jobs under a scheduler: mean time from a job's arrival to its end, and time from the
-- first arrival to the last end. `setting` is what the experiment varies (its number, if it is one, is `value`); in the
-- experiments `allocation` and `placement`, `scheduler` is whose part Optimus runs with instead of its own
CREATE TABLE schedule_results (
    run_id VARCHAR NOT NULL,
    experiment VARCHAR NOT NULL CHECK (experiment IN
        ('testbed', 'mode', 'arrivals', 'allocation', 'placement', 'assignment', 'error', 'priority', 'assumption')),
    setting VARCHAR NOT NULL,
    value DOUBLE CHECK (isfinite(value)),
    scheduler VARCHAR NOT NULL CHECK (scheduler IN ('optimus', 'drf', 'tetris')),
    mode VARCHAR NOT NULL CHECK (mode IN ('mixed', 'synchronous', 'asynchronous')),
    arrivals VARCHAR NOT NULL CHECK (arrivals IN ('uniform', 'poisson', 'trace-like')),
    seed INTEGER NOT NULL CHECK (seed >= 0),
    jobs INTEGER NOT NULL CHECK (jobs > 0),
    jct_s DOUBLE NOT NULL CHECK (jct_s > 0 AND isfinite(jct_s)),
    makespan_s DOUBLE NOT NULL CHECK (makespan_s > 0 AND isfinite(makespan_s)),
    restarting_percent DOUBLE NOT NULL CHECK (restarting_percent BETWEEN 0 AND 100),
    PRIMARY KEY (run_id, experiment, setting, scheduler, seed)
);

-- what the paper does not publish: what every simulation assumes, and what the experiment `assumption` with this
-- setting assumes instead (NULL where nothing else was tried)
CREATE TABLE schedule_assumptions (
    run_id VARCHAR NOT NULL,
    setting VARCHAR NOT NULL,
    assumed VARCHAR NOT NULL,
    instead VARCHAR,
    PRIMARY KEY (run_id, setting)
);

-- one simulation of the experiment `testbed`, in full: its jobs, in order of arrival
CREATE TABLE schedule_jobs (
    run_id VARCHAR NOT NULL,
    scheduler VARCHAR NOT NULL CHECK (scheduler IN ('optimus', 'drf', 'tetris')),
    job INTEGER NOT NULL CHECK (job >= 0),
    network VARCHAR NOT NULL,
    mode VARCHAR NOT NULL CHECK (mode IN ('synchronous', 'asynchronous')),
    arrival_s DOUBLE NOT NULL CHECK (arrival_s >= 0),
    start_s DOUBLE NOT NULL CHECK (start_s >= arrival_s),
    finish_s DOUBLE NOT NULL CHECK (finish_s > start_s AND isfinite(finish_s)),
    PRIMARY KEY (run_id, scheduler, job)
);

-- … and who has what when: tasks of a job on a machine in a scheduling interval, until the job or the interval ends
CREATE TABLE schedule_timeline (
    run_id VARCHAR NOT NULL,
    scheduler VARCHAR NOT NULL CHECK (scheduler IN ('optimus', 'drf', 'tetris')),
    interval INTEGER NOT NULL CHECK (interval >= 0),
    job INTEGER NOT NULL CHECK (job >= 0),
    machine INTEGER NOT NULL CHECK (machine >= 0),
    servers INTEGER NOT NULL CHECK (servers >= 0),
    workers INTEGER NOT NULL CHECK (workers >= 0 AND servers + workers > 0),
    start_s DOUBLE NOT NULL CHECK (start_s >= 0),
    end_s DOUBLE NOT NULL CHECK (end_s > start_s AND isfinite(end_s)),
    PRIMARY KEY (run_id, scheduler, interval, job, machine)
);

-- ResNet-50's 157 blocks of parameters on parameter servers, by Optimus' PAA and by MXNet's default rule (mean over
-- random keys): differences between the fullest and the emptiest server, requests in all, and the fullest over the mean
CREATE TABLE parameter_balance (
    run_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL CHECK (rule IN ('paa', 'default')),
    servers INTEGER NOT NULL CHECK (servers > 0),
    size_difference DOUBLE NOT NULL CHECK (size_difference >= 0),
    request_difference DOUBLE NOT NULL CHECK (request_difference >= 0),
    requests DOUBLE NOT NULL CHECK (requests > 0),
    largest DOUBLE NOT NULL CHECK (largest >= 1),
    PRIMARY KEY (run_id, rule, servers)
);

-- ---------------------------------------------------------------- what others published

-- works that facts come from; `work` is the short name that the other tables use
CREATE TABLE sources (
    work VARCHAR PRIMARY KEY,
    title VARCHAR NOT NULL,
    authors VARCHAR NOT NULL,
    venue VARCHAR NOT NULL,
    link VARCHAR NOT NULL
);

CREATE TABLE published (
    source VARCHAR NOT NULL REFERENCES sources (work),
    place VARCHAR NOT NULL,
    key VARCHAR NOT NULL PRIMARY KEY,
    value VARCHAR NOT NULL,
    unit VARCHAR,
    confidence confidence NOT NULL
);

-- peak_tflops counts a multiply-accumulate as two operations, as data sheets do
CREATE TABLE devices (
    device VARCHAR NOT NULL,
    gpu_type VARCHAR NOT NULL,
    condition VARCHAR NOT NULL,
    precision VARCHAR NOT NULL,
    peak_tflops DOUBLE NOT NULL CHECK (peak_tflops > 0),
    memory_gbps DOUBLE NOT NULL CHECK (memory_gbps > 0),
    memory_gb DOUBLE CHECK (memory_gb > 0),
    source VARCHAR NOT NULL REFERENCES sources (work),
    confidence confidence NOT NULL,
    PRIMARY KEY (device, condition, precision)
);

-- Lu et al., Tables 2, 3, 5, 6: `kind` is a layer type, 'Total' (sum of the layers) or 'Forward' (measured whole)
CREATE TABLE lu_times (
    place VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    ms DOUBLE NOT NULL CHECK (ms >= 0),
    sd_ms DOUBLE NOT NULL CHECK (sd_ms >= 0),
    share_percent DOUBLE CHECK (share_percent BETWEEN 0 AND 100),
    source VARCHAR NOT NULL REFERENCES sources (work),
    confidence confidence NOT NULL,
    PRIMARY KEY (model, platform, kind)
);

-- the FLOPs rows of the same tables, as printed, in millions; the paper counts a multiply-accumulate once
CREATE TABLE lu_flops (
    place VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    mflops DOUBLE NOT NULL CHECK (mflops >= 0),
    share_percent DOUBLE CHECK (share_percent BETWEEN 0 AND 100),
    layers INTEGER CHECK (layers > 0),
    source VARCHAR NOT NULL REFERENCES sources (work),
    confidence confidence NOT NULL,
    PRIMARY KEY (model, kind)
);

-- the same paper's Table 4, memory of a forward pass in Caffe; printed as MB, which are 2^20 bytes: the weights show it
CREATE TABLE lu_memory (
    place VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    part VARCHAR NOT NULL CHECK (part IN ('weights', 'data', 'workspace')),
    mebibytes DOUBLE NOT NULL CHECK (mebibytes > 0),
    source VARCHAR NOT NULL REFERENCES sources (work),
    confidence confidence NOT NULL,
    PRIMARY KEY (model, part)
);

-- images per second that others measured; mode: training or inference
CREATE TABLE throughputs (
    source VARCHAR NOT NULL REFERENCES sources (work),
    framework VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    gpu_type VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    gpus INTEGER NOT NULL CHECK (gpus > 0),
    model VARCHAR NOT NULL,
    mode VARCHAR NOT NULL CHECK (mode IN ('training', 'inference')),
    data VARCHAR NOT NULL CHECK (data IN ('synthetic', 'real', 'not stated')),
    precision VARCHAR NOT NULL CHECK (precision IN ('fp32', 'tf32', 'mixed', 'not stated')),
    batch INTEGER NOT NULL CHECK (batch > 0),
    images_per_s DOUBLE NOT NULL CHECK (images_per_s > 0),
    confidence confidence NOT NULL,
    PRIMARY KEY (source, platform, gpus, model, mode, data, precision, batch)
);

-- price of an hour of one GPU with its machine, on demand, as one provider listed it
CREATE TABLE prices (
    gpu_type VARCHAR PRIMARY KEY,
    usd_per_hour DOUBLE NOT NULL CHECK (usd_per_hour > 0),
    source VARCHAR NOT NULL REFERENCES sources (work),
    confidence confidence NOT NULL
);

-- Optimus' Table 1, and what later code by its first author says of the same jobs: seconds of a `step` on one worker,
-- the model's `size`, steps of an `epoch` (data scaled down), `bandwidth` between machines, `epochs` to converge
CREATE TABLE optimus_jobs (
    network VARCHAR NOT NULL,
    quantity VARCHAR NOT NULL CHECK (quantity IN
        ('parameters', 'examples', 'step', 'size', 'epoch', 'bandwidth', 'epochs')),
    value DOUBLE NOT NULL CHECK (value > 0),
    unit VARCHAR NOT NULL,
    source VARCHAR NOT NULL REFERENCES sources (work),
    place VARCHAR NOT NULL,
    confidence confidence NOT NULL,
    PRIMARY KEY (network, quantity)
);

-- job completion time and makespan relative to Optimus; of the same name in `schedule_results` are the simulated ones
CREATE TABLE optimus_results (
    experiment VARCHAR NOT NULL,
    setting VARCHAR NOT NULL,
    scheduler VARCHAR NOT NULL,
    jct_ratio DOUBLE NOT NULL CHECK (jct_ratio > 0),
    makespan_ratio DOUBLE NOT NULL CHECK (makespan_ratio > 0),
    source VARCHAR NOT NULL REFERENCES sources (work),
    place VARCHAR NOT NULL,
    confidence confidence NOT NULL,
    PRIMARY KEY (experiment, setting, scheduler)
);

-- training logs of others that the loss model is judged on: `drops` are the epochs after which the learning rate fell,
-- empty for a smooth schedule, and `drops_from` says how that is known. The logs themselves are not here, but these
-- figures derived from them by `python -m compute judge-logs`
CREATE TABLE external_logs (
    log VARCHAR PRIMARY KEY,
    source VARCHAR NOT NULL REFERENCES sources (work),
    licence VARCHAR NOT NULL,
    depth INTEGER NOT NULL CHECK (depth > 0),
    batch INTEGER NOT NULL CHECK (batch > 0),
    steps_per_epoch INTEGER NOT NULL CHECK (steps_per_epoch > 0),
    classes INTEGER NOT NULL CHECK (classes > 1),
    schedule VARCHAR NOT NULL,
    drops VARCHAR,
    drops_from VARCHAR NOT NULL CHECK (drops_from IN ('recipe', 'losses', 'learning rate')),
    confidence confidence NOT NULL
);

-- Eq. 1 fitted to them, k in epochs from the segment's start, losses divided by `unit` in the way `normalised_by` says
CREATE TABLE external_fits (
    log VARCHAR NOT NULL REFERENCES external_logs (log),
    source VARCHAR NOT NULL REFERENCES sources (work),
    segment VARCHAR NOT NULL,
    normalised_by VARCHAR NOT NULL CHECK (normalised_by IN ('largest loss', 'ln(classes)')),
    unit DOUBLE NOT NULL CHECK (unit > 0),
    beta0 DOUBLE NOT NULL CHECK (beta0 >= 0),
    beta1 DOUBLE NOT NULL CHECK (beta1 >= 0),
    beta2 DOUBLE NOT NULL CHECK (beta2 >= 0),
    rmse DOUBLE NOT NULL CHECK (rmse >= 0),
    points INTEGER NOT NULL CHECK (points >= 3),
    identified BOOLEAN NOT NULL,
    confidence confidence NOT NULL,
    PRIMARY KEY (log, segment, normalised_by)
);

-- their test accuracy at the end, and the first epoch (from 1) of at least 92 %, NULL where there is none
CREATE TABLE external_accuracy (
    log VARCHAR PRIMARY KEY REFERENCES external_logs (log),
    source VARCHAR NOT NULL REFERENCES sources (work),
    epochs INTEGER NOT NULL CHECK (epochs > 0),
    last_accuracy_percent DOUBLE CHECK (last_accuracy_percent BETWEEN 0 AND 100),
    epochs_to_92 INTEGER CHECK (epochs_to_92 > 0),
    confidence confidence NOT NULL
);

-- errors on them. Test `forecast`: a form of curve (method) fitted to the first 40 % of the piece of constant learning rate,
-- against the mean of its last twentieth; error_percent with its sign, inside: the 95 % band holds the truth.
-- Test `depth`: Eq. 1's coefficients regressed on the depths 20, 32, 44 of one source, losses normalised as the method says;
-- error_percent is the mean absolute one along the piece. `beyond` is the depth over the deepest that was regressed
CREATE TABLE external_errors (
    log VARCHAR NOT NULL REFERENCES external_logs (log),
    source VARCHAR NOT NULL REFERENCES sources (work),
    test VARCHAR NOT NULL CHECK (test IN ('forecast', 'depth')),
    method VARCHAR NOT NULL,
    error_percent DOUBLE NOT NULL CHECK (isfinite(error_percent)),
    inside BOOLEAN,
    beyond DOUBLE CHECK (beyond > 0),
    confidence confidence NOT NULL,
    PRIMARY KEY (log, test, method)
);

-- entries of the DAWNBench benchmark on CIFAR-10 by their own logs: the first epoch, and the hours by then, with a test
-- accuracy of 92 and 94 %; `network` groups the variants that entrants named, `device` their hardware
CREATE TABLE dawnbench_cifar10 (
    entry VARCHAR PRIMARY KEY,
    network VARCHAR NOT NULL,
    variant VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    hardware VARCHAR NOT NULL,
    framework VARCHAR NOT NULL,
    epochs_logged INTEGER NOT NULL CHECK (epochs_logged > 0),
    epoch_at_92 INTEGER NOT NULL CHECK (epoch_at_92 > 0),
    hours_at_92 DOUBLE NOT NULL CHECK (hours_at_92 > 0),
    epoch_at_94 INTEGER NOT NULL CHECK (epoch_at_94 > 0),
    hours_at_94 DOUBLE NOT NULL CHECK (hours_at_94 > 0),
    best_top1_percent DOUBLE NOT NULL CHECK (best_top1_percent BETWEEN 0 AND 100),
    source VARCHAR NOT NULL REFERENCES sources (work),
    confidence confidence NOT NULL
);

-- ---------------------------------------------------------------- the assignment

-- `needs` lists what an answer rests on: jobs (`flops/layers`, `optimus/train*18` for as many runs) and works (`@Lu`), separated by commas
CREATE TABLE questions (
    question VARCHAR PRIMARY KEY,
    problem problem NOT NULL,
    title VARCHAR NOT NULL,
    points VARCHAR NOT NULL,
    asked VARCHAR NOT NULL,
    needs VARCHAR NOT NULL
);

-- written answers with [[placeholders]]; `headline` is the answer in one line
CREATE TABLE answers (
    question VARCHAR PRIMARY KEY REFERENCES questions (question),
    headline VARCHAR NOT NULL,
    body VARCHAR NOT NULL
);

-- the answers with their placeholders filled by the build (the fields of store/answers.py's Answer); good while `stamp`
-- is that of what they were made from (store/filled.py)
CREATE TABLE filled_answers (
    question VARCHAR PRIMARY KEY,
    stamp VARCHAR NOT NULL,
    answer JSON NOT NULL
);

-- Eq. 4 fitted to speeds that Optimus' first author published, by network, and its mean absolute error on these points
CREATE TABLE speed_fits (
    network VARCHAR PRIMARY KEY,
    points INTEGER NOT NULL CHECK (points > 0),
    theta0 DOUBLE NOT NULL CHECK (theta0 >= 0),
    theta1 DOUBLE NOT NULL CHECK (theta1 >= 0),
    theta2 DOUBLE NOT NULL CHECK (theta2 >= 0),
    theta3 DOUBLE NOT NULL CHECK (theta3 >= 0),
    theta4 DOUBLE NOT NULL CHECK (theta4 >= 0),
    m_batch DOUBLE NOT NULL CHECK (m_batch > 0),
    error_percent DOUBLE NOT NULL CHECK (error_percent >= 0),
    source VARCHAR NOT NULL REFERENCES sources (work),
    place VARCHAR NOT NULL,
    confidence confidence NOT NULL
);

-- the same fitted to fewer points: its error on the others, as in speed_errors
CREATE TABLE speed_fit_errors (
    network VARCHAR NOT NULL,
    points INTEGER NOT NULL CHECK (points > 0),
    median_percent DOUBLE NOT NULL CHECK (median_percent >= 0),
    low_percent DOUBLE NOT NULL CHECK (low_percent <= median_percent),
    high_percent DOUBLE NOT NULL CHECK (high_percent >= median_percent),
    source VARCHAR NOT NULL REFERENCES sources (work),
    place VARCHAR NOT NULL,
    confidence confidence NOT NULL,
    PRIMARY KEY (network, points)
);
