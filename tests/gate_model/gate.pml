/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate protocol with everybody who takes part in it: clients whose threads run handlers, the
 * worker, a mover, whoever ends a life, the manager that begins the next, and answers that a dead
 * life still gives. Three requests, two ends, one move, in every order. Phases change through
 * take_step() alone, which run.py makes from core/gate/protocol.h. Names are those of core/gate.
 *
 * MUTATION_… plants a bug that the promises must catch (run.py tries each).
 */
#include "gate_steps.pml"

#define REQUESTS 3
#define CRASHES 2

#define AT_CLIENT 0
#define QUEUED 1
#define ISSUED 2
#define TOLD 3

byte phase = PHASE_open;
bool busy;           /* the strand's owner is inside a handler, or settles what came meanwhile */
byte owner;          /* its process */
bool condemned;
bool abandon_wanted;
bool operations;     /* the instance's own lock: moves, ends and restarts exclude each other */
byte crashes_left = CRASHES;

/* For each request: where it is; its place in the in-flight table, with the id of its present or
 * next occupant; under which id the instance has it in the device (0: it has not); the last id that
 * an ended life knew it by. */
byte state[REQUESTS];
bool entry[REQUESTS];
byte id[REQUESTS] = 1;
byte in_device[REQUESTS];
byte stale[REQUESTS];

/* For each thread that may run a handler, the clients' and the worker's: what it serves while it is
 * parked, and whether it was cut off. */
#define ACTIVATIONS 4
#define WORKERS_OWN 3
#define NOT_PARKED 9
byte parked[ACTIVATIONS] = NOT_PARKED;
bool abandoned[ACTIVATIONS];

/* What the promises speak of. */
bool published[REQUESTS]; /* the core's record that the request was done */
byte effects[REQUESTS];
byte told[REQUESTS];

#define is_parked(a) (parked[a] != NOT_PARKED)
#define any_parked (is_parked(0) || is_parked(1) || is_parked(2) || is_parked(3))

inline free_entry(r) {
    entry[r] = false;
#ifndef MUTATION_FORGET_EPOCH
    id[r]++
#endif
}

/* What the instance knew of a request is no longer asked for; its answer may be on its way. */
inline take_back(r) {
    stale[r] = id[r];
    in_device[r] = 0;
    free_entry(r);
    state[r] = QUEUED
}

inline abandon_parked() {
    abandon_wanted = false;
    k = 0;
    do
    :: k < ACTIVATIONS ->
        if
        :: is_parked(k) ->
            abandoned[k] = true;
            take_back(parked[k]);
            parked[k] = NOT_PARKED
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0
}

/* Strand::leave_slow(). Part of the caller's step, as it is under the strand's lock. */
inline leave() {
    assert(busy && owner == _pid);
    if
    :: condemned ->
        take_step(EVENT_crash);
        condemned = false;
        abandon_parked()
    :: else
    fi;
    if
    :: phase == PHASE_draining ->
        if
        :: abandon_wanted -> abandon_parked()
        :: else
        fi;
        if
        :: !any_parked -> take_step(EVENT_drained)
        :: else
        fi
    :: else
    fi;
    owner = 0;
    busy = false
}

/* Ends a request that stands in the table under this id; anything else is refused. */
inline complete(r, with_id) {
    if
    :: entry[r] && id[r] == with_id ->
        free_entry(r);
        in_device[r] = 0;
        id[r] = 0; /* nobody asks any more: fewer states */
        stale[r] = 0;
        state[r] = TOLD;
        told[r]++;
        assert(published[r]); /* acknowledged: the core has it */
        assert(told[r] == 1)  /* and once */
    :: else
    fi
}

/* A bug of the component, found by a trap. */
inline maybe_trap() {
    if
    :: crashes_left > 0 -> crashes_left--; condemned = true
    :: true
    fi
}

inline enter() {
    busy = true;
    owner = _pid
}

/* A parked handler comes back, unless it was cut off meanwhile. */
inline come_back(a) {
    atomic {
        (abandoned[a] || (!busy && (phase == PHASE_open || phase == PHASE_draining)));
        if
        :: abandoned[a] -> abandoned[a] = false; goto over
        :: else -> parked[a] = NOT_PARKED; enter()
        fi
    }
}

/* One request's handler, on a thread that owns the strand and gives it up. What it does between
 * entering and waiting or leaving is one step: others can ask for a hold meanwhile, no more, and
 * whenever they ask they are heard at its end. */
inline run_handler(c, a) {
    atomic {
        assert(busy && owner == _pid && (phase == PHASE_open || phase == PHASE_draining));
        entry[c] = true;
        my_id = id[c];
        assert(my_id != stale[c]); /* or the answer of an ended life would be taken */
        state[c] = ISSUED;
        if
        :: true -> parked[a] = c; leave()
        :: true -> goto inside
        fi
    };
    come_back(a);
inside:
    atomic {
        assert(busy && owner == _pid); /* handlers run one at a time */
        maybe_trap();
        if
        :: condemned -> leave(); goto over
#ifndef MUTATION_FORGET_PUBLISHED
        :: !condemned && published[c]
        :: !condemned && !published[c] ->
#else
        :: !condemned ->
#endif
            published[c] = true;
            effects[c]++;
            assert(effects[c] == 1) /* done once, however often it is replayed */
        fi;
        if
        :: true -> parked[a] = c; leave()
        :: true -> goto at_end
        fi
    };
    come_back(a);
at_end:
    atomic {
        assert(busy && owner == _pid);
        maybe_trap();
        if
        :: condemned /* it never answers */
        :: !condemned -> complete(c, my_id)
        :: !condemned && entry[c] && id[c] == my_id -> in_device[c] = my_id
        fi;
        leave()
    };
over:
    my_id = 0
}

/* A client: its own thread runs the handler where it may, else the request waits in the queue.
 * They are alike, so they come in one order: the others would add nothing. */
byte submitted;

proctype Client(byte client) {
    byte my_id;
    byte k;
    atomic {
        submitted == client;
        if
        :: phase == PHASE_open && !busy -> submitted++; enter()
        :: true -> submitted++; state[client] = QUEUED; goto queued
        fi
    };
    run_handler(client, client);
queued:
    told[client] == 1
}

#ifdef MUTATION_SKIP_HOLD
#define runs true
#else
#define runs (phase == PHASE_open)
#endif
#define may_run(r) (state[r] == QUEUED && !busy && runs)

/* The worker of the gates runs what is queued. */
active proctype Worker() {
    byte my_id;
    byte k;
    byte r;
end_worker:
    atomic {
        if
        :: may_run(0) -> r = 0
        :: may_run(1) -> r = 1
        :: may_run(2) -> r = 2
        fi;
        enter()
    };
    run_handler(r, WORKERS_OWN);
    r = 0;
    goto end_worker
}

#define is_done(r) (in_device[r] != 0 && !busy && phase == PHASE_open)

/* The device is done with a request; its interrupt has the instance answer. */
active proctype Device() {
    byte k;
    byte r;
end_device:
    atomic {
        if
        :: is_done(0) -> r = 0
        :: is_done(1) -> r = 1
        :: is_done(2) -> r = 2
        fi;
        enter()
    };
    atomic {
        complete(r, in_device[r]);
        r = 0;
        maybe_trap();
        leave()
    };
    goto end_device
}

/* Instance::move(): it may lose its patience, and the instance may end on the way. */
active proctype Mover() {
    byte k;
    atomic { !operations -> operations = true };
    atomic {
        if
        :: phase == PHASE_open ->
            take_step(EVENT_hold);
            if
            :: !busy && !any_parked -> take_step(EVENT_drained)
            :: else
            fi
        :: else -> goto over
        fi
    };
    if
    :: phase != PHASE_draining
    :: atomic { phase == PHASE_draining ->
            abandon_wanted = true;
            if
            :: !busy -> abandon_parked(); take_step(EVENT_drained)
            :: else
            fi }
    fi;
    phase != PHASE_draining;
    if
    :: atomic { phase == PHASE_held -> take_step(EVENT_rebind) };
        if
        :: atomic { crashes_left > 0 -> crashes_left--; take_step(EVENT_crash) } /* in resume */
        :: atomic { take_step(EVENT_release) }
        fi
    :: phase != PHASE_held
    fi;
over:
    operations = false
}

/* An operator ends a life; a handler inside finishes first. */
active proctype Operator() {
    byte k;
end_operator:
    do
    :: atomic { crashes_left > 0 && !operations && phase == PHASE_open ->
            operations = true;
            crashes_left-- };
        atomic {
            !busy;
            if
            :: phase == PHASE_broken /* it ended by itself meanwhile */
            :: else -> enter(); condemned = true; leave()
            fi;
            operations = false
        }
    od
}

/* Instance::recover(). */
active proctype Manager() {
    byte k;
end_manager:
    do
    :: atomic { phase == PHASE_broken && !operations -> operations = true };
        atomic {
            take_step(EVENT_restart);
            k = 0;
            do
            :: k < REQUESTS ->
                if
#ifndef MUTATION_FORGET_REPLAY
                :: entry[k] -> take_back(k)
#endif
                :: else
                fi;
                in_device[k] = 0; /* the arena is a fresh one */
                k++
            :: else -> break
            od;
            k = 0
        };
        atomic { take_step(EVENT_release); operations = false }
    od
}

/* When nothing can go on, everything is as it should be. */
active proctype Judge() {
end_judge:
    timeout;
    assert(phase == PHASE_open && !busy && !operations && !any_parked);
    assert(told[0] == 1 && told[1] == 1 && told[2] == 1);
    assert(effects[0] == 1 && effects[1] == 1 && effects[2] == 1)
}

init {
    atomic {
        run Client(0);
        run Client(1);
        run Client(2)
    }
}
